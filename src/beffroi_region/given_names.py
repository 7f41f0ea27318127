"""French given names by generation and sex, from the most common to the rarest.

Only the order is knowledge; the shares are a curve (`Era.head_share`, `Era.slope`) chosen so that the concentration
falls from one newborn in fourteen bearing the first name of a generation in 1945 to one in ninety today.
"""

from dataclasses import dataclass

from beffroi_region.word_lists import words


@dataclass(frozen=True, slots=True)
class Era:
    """Names given from `first_year` on. `head_share` of newborns bear one of the listed names, the others a rarer one.

    The n-th name's share is proportional to (n + 2) ** -slope.
    """

    first_year: int
    head_share: float
    slope: float
    women: tuple[str, ...]
    men: tuple[str, ...]


ERAS = (
    Era(
        1900,
        0.88,
        0.75,
        words(
            """Marie Jeanne Marguerite Germaine Louise Yvonne Madeleine Suzanne Marthe Marcelle Simone
            Denise Andrée Lucienne Paulette Renée Hélène Georgette Juliette Berthe Alice Yvette Raymonde
            Henriette Fernande Gabrielle Odette Thérèse Jacqueline Blanche Léontine Lucie Angèle Rose
            Émilienne Joséphine Antoinette Cécile Gilberte Charlotte Claire Augustine Julienne Eugénie
            Ginette Rolande Mathilde Léonie Pauline Zulma Adèle Rosalie"""
        ),
        words(
            """Jean André Pierre Marcel Louis René Roger Georges Robert Henri Maurice Lucien Paul Joseph
            Raymond Albert Émile Charles François Fernand Gaston Léon Eugène Jules Gabriel Alfred Victor
            Édouard Marius Camille Ernest Auguste Edmond Arthur Antoine Alphonse Gustave Alexandre
            Jacques Clovis Désiré Adolphe Michel Félix Oscar Achille Théophile Anatole Ferdinand
            Narcisse"""
        ),
    ),
    Era(
        1930,
        0.9,
        0.78,
        words(
            """Jeannine Jacqueline Monique Marie Yvette Ginette Denise Simone Paulette Thérèse Micheline
            Janine Christiane Huguette Colette Suzanne Andrée Renée Madeleine Odette Gisèle Liliane
            Lucienne Jeanne Arlette Solange Françoise Yvonne Claudine Bernadette Josette Raymonde
            Marie-Thérèse Mauricette Gilberte Louise Germaine Éliane Nicole Annie Geneviève Anne-Marie
            Cécile Rolande Fernande Georgette Mireille Nelly Marie-Louise Marie-Claire Viviane"""
        ),
        words(
            """Jean Pierre André Claude Michel Roger Jacques Robert René Marcel Bernard Maurice Raymond Guy
            Georges Henri Louis Paul Gilbert Lucien Serge Daniel Christian Gérard Roland Joseph François
            Charles Fernand Francis Alain Émile Albert Gilles Marc Edmond Jean-Claude Léon Yves
            Jean-Pierre Gaston Jean-Marie Édouard Alfred Arthur Eugène Étienne Victor Guislain"""
        ),
    ),
    Era(
        1946,
        0.92,
        0.72,
        words(
            """Martine Françoise Monique Nicole Marie Chantal Christine Jacqueline Annie Danielle Catherine
            Brigitte Michèle Évelyne Christiane Dominique Jocelyne Sylvie Josiane Bernadette Nadine
            Patricia Anne-Marie Liliane Geneviève Marie-Thérèse Éliane Colette Marie-Christine Claudine
            Ghislaine Mireille Marie-Claude Elisabeth Odile Michelle Thérèse Marie-France Josette Maryse
            Arlette Agnès Béatrice Yvette Régine Anne Joëlle Véronique Viviane Marie-Paule Marie-José
            Danièle Ginette Pascale Francine Marie-Noëlle Marie-Line"""
        ),
        words(
            """Jean Michel Alain Gérard Daniel Bernard Christian Jacques Patrick Jean-Claude Claude Pierre
            Jean-Pierre André Philippe Serge Dominique Francis Guy René Robert Gilles Marc Yves François
            Jean-Paul Roger Jean-Marie Joël Jean-Luc Didier Jean-Louis Pascal Henri Roland Louis Gilbert
            Maurice Jean-Marc Georges Raymond Jean-François Paul Jean-Michel Éric Denis Richard Marcel
            Hervé Jean-Jacques Bruno Régis Jean-Yves Étienne Léon"""
        ),
    ),
    Era(
        1960,
        0.88,
        0.6,
        words(
            """Sylvie Nathalie Catherine Isabelle Véronique Christine Valérie Patricia Brigitte Corinne
            Sandrine Florence Martine Pascale Laurence Marie Anne Sophie Stéphanie Karine Nadine
            Béatrice Dominique Agnès Céline Muriel Delphine Carole Virginie Christelle Fabienne Évelyne
            Caroline Françoise Chantal Cécile Élisabeth Annie Nadège Marie-Christine Claire Joëlle
            Anne-Marie Magali Hélène Frédérique Odile Maryline Michèle Ghislaine Séverine Estelle
            Marie-Laure Anne-Sophie Géraldine Murielle Sabine Marie-Pierre Peggy Monique Danielle Peggy"""
        ),
        words(
            """Philippe Thierry Pascal Patrick Éric Christophe Laurent Stéphane Frédéric Alain Michel Bruno
            Didier Olivier David Jean Christian Dominique Gilles Franck Marc Jérôme Pierre Hervé
            François Fabrice Jean-Luc Serge Sébastien Denis Daniel Bernard Jean-Marc Yves Vincent Xavier
            Jean-François Jean-Michel Jacques Emmanuel Arnaud Jean-Paul Bertrand Jean-Pierre Cédric Guy
            Francis Ludovic Régis Joël Nicolas Benoît Gérard Jean-Philippe Jean-Christophe Jean-Claude
            Jean-Marie Antoine Yannick Claude Grégory Freddy José"""
        ),
    ),
    Era(
        1975,
        0.84,
        0.58,
        words(
            """Céline Aurélie Émilie Stéphanie Virginie Sandrine Élodie Julie Marie Laetitia Delphine
            Sophie Audrey Mélanie Caroline Vanessa Sabrina Jennifer Cindy Cécile Karine Aurore Angélique
            Séverine Hélène Amélie Claire Magali Jessica Alexandra Anne Isabelle Charlotte Nathalie
            Élise Christelle Valérie Ludivine Fanny Gaëlle Emmanuelle Sandra Nadia Anne-Sophie Mélissa
            Priscilla Marion Émeline Peggy Carole Estelle Ingrid Florence Véronique Linda Johanna
            Pauline Angélina Nadège Peggy Coralie"""
        ),
        words(
            """Nicolas Julien Sébastien David Christophe Guillaume Frédéric Jérôme Cédric Stéphane Thomas
            Mickaël Ludovic Benjamin Grégory Olivier Alexandre Laurent Fabien Jonathan Mathieu Vincent
            Arnaud Anthony Damien Romain Yannick Éric Pierre Benoît Fabrice Xavier Jérémy Franck
            Emmanuel Maxime Samuel Rémi Antoine François Bruno Cyril Geoffrey Marc Florent Jean Philippe
            Loïc Michaël Samir Matthieu Aurélien Kévin Raphaël Steve Rudy Jimmy Freddy Teddy
            Jean-Baptiste Jean-François Gaël"""
        ),
    ),
    Era(
        1985,
        0.8,
        0.55,
        words(
            """Laura Marine Élodie Julie Marion Pauline Camille Marie Anaïs Charlotte Manon Mélanie Justine
            Aurélie Jessica Morgane Amandine Audrey Sarah Lucie Émilie Jennifer Margaux Mathilde
            Alexandra Caroline Fanny Claire Ophélie Coralie Sophie Cindy Gwendoline Laetitia Chloé Kelly
            Céline Noémie Amélie Mélissa Cassandra Alice Estelle Élise Clémence Solène Juliette Sabrina
            Tiffany Julia Vanessa Anne-Sophie Émeline Adeline Léa Océane Stéphanie Gaëlle Héloïse
            Perrine Johanna Marie-Charlotte Roxane Priscilla Hélène Agathe Ludivine Aurore"""
        ),
        words(
            """Kévin Julien Thomas Nicolas Alexandre Maxime Anthony Romain Jérémy Guillaume Florian
            Benjamin Quentin Mickaël Jonathan Pierre Antoine Clément Vincent Mathieu Adrien Valentin
            Damien Dylan Jordan Sébastien Alexis Arnaud Aurélien Rémi Simon Corentin Baptiste Paul
            Bastien Thibault Steven David Loïc Fabien Simon Dimitri Cédric Geoffrey Tony Ludovic Samuel
            Gaëtan Matthieu Christopher Charles François Jean-Baptiste Rudy Raphaël Michaël Hugo Victor
            Louis Benoît Yoann Cyril Grégory Tristan Xavier Allan Jimmy Gauthier"""
        ),
    ),
    Era(
        1996,
        0.74,
        0.5,
        words(
            """Léa Manon Emma Chloé Camille Marie Océane Clara Sarah Inès Laura Julie Mathilde Lucie Anaïs
            Pauline Marine Lisa Eva Justine Jade Juliette Charlotte Maëva Romane Noémie Morgane Célia
            Louise Élisa Ambre Lola Margaux Carla Alice Clémence Elsa Zoé Amandine Éléonore Mélissa
            Solène Maëlle Agathe Victoire Emilie Coralie Louane Mathilde Ophélie Andréa Alexia Valentine
            Jeanne Fanny Élise Coline Flavie Constance Cloé Estelle Salomé Eugénie Léna Emeline Audrey
            Laurine Lou Apolline Capucine Tess Eloïse Lina Yasmine Nina Anna Kenza Ninon Garance Héloïse
            Violette Gabrielle Cassandra"""
        ),
        words(
            """Lucas Théo Thomas Hugo Enzo Alexandre Maxime Clément Antoine Mathis Nathan Louis Léo Quentin
            Alexis Valentin Paul Baptiste Romain Nicolas Tom Pierre Arthur Florian Adrien Julien Axel
            Benjamin Dylan Mathéo Victor Raphaël Corentin Noah Martin Simon Kévin Tristan Matthieu Jules
            Rémi Gabriel Robin Loïc Ethan Evan Yanis Samuel Guillaume Bastien Mattéo Ryan Dorian
            Alexandre Gaspard Augustin Erwan Titouan Marius Aurélien Kylian Esteban Killian Rayan Maël
            Tanguy Charles Sacha Timothée Jérémy Eliott Mohamed Thibault Côme Rafaël Lilian Anthony
            Aymeric Amaury Gauthier Loris Thibaut"""
        ),
    ),
    Era(
        2008,
        0.68,
        0.46,
        words(
            """Emma Jade Louise Chloé Léa Manon Inès Lola Camille Sarah Léna Lina Zoé Alice Clara Juliette
            Louna Maëlys Lilou Romane Eva Ambre Anna Louane Jeanne Mila Rose Lucie Mathilde Éléna Julia
            Margot Agathe Nina Capucine Lou Olivia Adèle Charlotte Victoire Léonie Lise Elsa Maëlle Lana
            Assia Yasmine Célia Margaux Gabrielle Romy Elise Noémie Anaïs Victoria Salomé Pauline Lisa
            Clémence Apolline Constance Valentine Lily Iris Soline Maya Tessa Alicia Lyna Thaïs Inaya
            Marie Elina Aya Faustine Nour Myla Sofia Stella Candice Marion Alix Hanaé Suzanne Céleste
            Élisa Flavie Héloïse Joséphine"""
        ),
        words(
            """Nathan Lucas Enzo Léo Louis Hugo Gabriel Jules Ethan Mathis Raphaël Arthur Tom Noah Adam
            Théo Nolan Timéo Sacha Maxime Paul Mathéo Clément Evan Antoine Yanis Mohamed Axel Alexandre
            Gabin Victor Baptiste Aaron Maël Martin Eden Rayan Alexis Samuel Robin Thomas Valentin Noé
            Liam Ayoub Simon Augustin Rafaël Lorenzo Eliott Quentin Malo Lenny Kylian Tiago Marius
            Esteban Naël Gaspard Côme Kaïs Mattéo Imran Romain Titouan Amine Ilyès Nicolas Pierre Adrien
            Benjamin Julien Joseph Auguste Camille Bastien Loan Sohan Charles Ruben Owen Oscar Milan
            Lyam Émile Célestin Léon Armand Basile"""
        ),
    ),
    Era(
        2017,
        0.64,
        0.42,
        words(
            """Jade Louise Emma Alice Ambre Alba Rose Anna Lina Mila Léa Romy Julia Inès Agathe Iris Chloé
            Lou Léna Louna Juliette Nina Jeanne Mia Zoé Olivia Eva Victoire Léonie Romane Victoria Lola
            Adèle Lucie Sofia Luna Éléna Sarah Margaux Camille Charlotte Inaya Lyna Manon Margot Giulia
            Lya Nour Clara Charlie Théa Apolline Capucine Alya Aya Maryam Olympe Soline Valentine Anaïs
            Gabrielle Elsa Clémence Assia Constance Mya Joséphine Ellie Maya Suzanne Célestine Billie
            Mathilde Lise Pia Yasmine Hanna Ava Thaïs Diane Céleste Héloïse Salomé Albane Faustine Livia
            Noélie Aïcha Éléonore Arya Alma Elisa Blanche Andréa Lily Colette Ninon Ysé Simone Rosalie"""
        ),
        words(
            """Gabriel Léo Raphaël Louis Arthur Jules Noah Maël Adam Hugo Isaac Lucas Gabin Liam Sacha Naël
            Eden Aaron Paul Nathan Mohamed Léon Malo Noé Marius Ayden Éthan Victor Tom Martin Mathis
            Timéo Théo Marceau Nino Antoine Robin Ibrahim Milo Axel Côme Gaspard Tiago Augustin Valentin
            Samuel Imran Soan Nolan Rayan Camille Lyam Amir Maxime Ismaël Joseph Oscar Yanis Alessio
            Simon Milan Rafael Eliott Enzo Logan Clément Charlie Ayoub Kaïs Livio Alexandre Auguste Owen
            Charles Baptiste Lenny Basile Andrea Ali Youssef Ilyan Jean Marin Kylian Thiago Émile
            Célestin Armand Pablo Lorenzo Anatole Leandro Aloïs Achille Ernest Evan Ezio Sohan Ulysse
            Félix Swann"""
        ),
    ),
)

# Borne in every generation, each by few.
PERENNIAL_WOMEN = words(
    """Adélaïde Adrienne Aimée Albertine Aliénor Aline Alphonsine Amandine Anastasie Angélique
    Anne-Charlotte Anne-Laure Antonia Ariane Armelle Astrid Aude Aurélia Axelle Barbara Bénédicte
    Bérénice Berthe Bertille Brune Camélia Carine Cassandre Célestine Chantal Christel Clarisse
    Claudette Claudia Clélia Clotilde Colombe Cornélia Cyrielle Daphné Daisy Dany Diane Dorothée Édith
    Edwige Églantine Éléonore Élia Éliette Élisabeth Ella Eloïse Elvire Ernestine Esther Eugénie Eulalie
    Éva Ève Fabiola Félicie Fleur Flora Flore Florine Francette Frédérique Gabriela Georgina Germaine
    Gina Gladys Gloria Guillemette Gwenaëlle Hedwige Héléna Henriette Hermine Hortense Huguette Ida Inès
    Irène Iris Irma Isaure Isidorine Ismérie Jacinthe Jeanne-Marie Jeannette Jehanne Joanna Jocelyne
    Josépha Joséphine Judith Julienne Katia Laure Laure-Anne Laurie Léontine Léopoldine Liliane Line
    Lise Livia Loraine Louisa Louise-Anne Lucette Lucile Lydia Lydie Mado Maëva Maïté Marceline Marcelle
    Marianne Marie-Ange Marie-Cécile Marie-Hélène Marie-Jeanne Marie-Josèphe Marie-Madeleine Mariette
    Marinette Marlène Mathilde Maud Maude Maureen Mauricette Mélodie Mélusine Mercedes Mireille Myriam
    Natacha Nelly Ninon Noëlle Noëllie Octavie Olga Olympe Ombeline Ondine Oriane Pascaline Paule
    Pétronille Philippine Philomène Prudence Rachel Raïssa Raphaëlle Rébecca Régine Reine Renaude Rita
    Romaine Rosa Rose-Marie Roseline Rosemonde Roxane Ségolène Sidonie Sibylle Solange Soizic Sonia
    Stella Suzon Suzette Sylviane Tatiana Thaïs Tiphaine Ursule Valentine Valériane Véra Victorine
    Violaine Virginia Viviane Wendy Wilhelmine Yaëlle Yolande Zélie Zénaïde Zita"""
)
PERENNIAL_MEN = words(
    """Abel Achille Adrien Aimé Alban Albin Alcide Aldéric Alix Alexandrin Alphonse Amaury Ambroise Amédée
    Anaël Anselme Anthelme Antonin Aristide Armel Arsène Aubin Augustin Auguste Aurèle Aymar Balthazar
    Baptistin Barnabé Barthélemy Bastien Baudouin Benoît Bérenger Blaise Boris Brice Calixte Casimir
    Célestin César Charlie Christian Clotaire Constant Constantin Corneille Cyprien Cyriaque Damien Dany
    Désiré Dieudonné Donatien Donovan Edgar Edgard Élie Élisée Eloi Émilien Enguerrand Étienne Eudes
    Eusèbe Evrard Fabian Félicien Ferdinand Fiacre Firmin Florentin Foulques Francisque Frank Gabin
    Gaétan Gaspard Gatien Gautier Géraud Germain Ghislain Gildas Godefroy Gonzague Gontran Guilhem
    Guislain Gustave Gwenaël Hector Hercule Hilaire Hippolyte Honoré Hubert Hugues Ignace Igor Isidore
    Ivan Jacky Jacob Janvier Jérémie Joachim Joffrey Johan Johnny Jonas Joris Josse Josué Judicaël
    Justin Lambert Landry Laurian Lazare Léandre Léonard Léonce Léopold Lionel Lorenz Louis-Marie Lubin
    Luc Ludwig Maixent Malo Manuel Marc-Antoine Marcellin Marien Martial Mathurin Maximilien Médard
    Melchior Médéric Modeste Nestor Norbert Octave Omer Onésime Oswald Ovide Pacôme Parfait Pascalin
    Patrice Paulin Pépin Perceval Philémon Philibert Pierre-Yves Placide Privat Prosper Quentin Rainier
    Raoul Régis Rémy Renaud Roch Rodolphe Rodrigue Romaric Romuald Ronan Salomon Saturnin Savinien
    Séraphin Servais Séverin Sidoine Silvère Sixte Stanislas Sylvain Sylvestre Tancrède Théodore
    Théophile Tibère Toussaint Tristan Tugdual Ulrich Urbain Ursin Valère Valéry Venceslas Vianney
    Victorien Virgile Vivien Waldemar Walter Wenceslas Wilfried William Yann Yanis Yves-Marie Yvon
    Zacharie Zéphyr"""
)
# From 1996 on parents compose: these halves give some hundreds of rare names, most of them borne.
COMPOSED_WOMEN = (
    words("Ély Mély Kély Shaï Naï Loï Tya Maë Lou Aly Sha Ka Ky Lé Ma Na Sé Ti Jo No"),
    words("na ana lia élie line lys ssa léna mina rine nie noa ya ly"),
)
COMPOSED_MEN = (
    words("Ma Ké Lo Ty Na Ky Ay É Jo Sa Li Ra Mé No Ti Ne Lé Ka"),
    words("an lan ël lian ric ydan than vyn ron mir éo than no lyan yan ny"),
)
COMPOSED_SINCE = 1996
