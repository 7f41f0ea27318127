"""Names of people born abroad, or whose parents were: by origin, in the spellings that French registers hold.

Surnames are a prefix, a stem and an ending, so that there are as many as in life. Names written in other scripts reach
hospitals in several transliterations: `VARIANTS` holds the usual ones, for the local identities.
"""

from dataclasses import dataclass

from beffroi_region.word_lists import choices


@dataclass(frozen=True, slots=True)
class Origin:
    """`endings_women` differ from the men's where the language makes them (Kowalski, Kowalska)."""

    prefixes: tuple[str, ...]
    stems: tuple[str, ...]
    endings: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]
    endings_women: tuple[str, ...] = ()
    double: bool = False


_MAGHREB_STEMS = choices(
    """Ahmed Ali Amar Amrani Aziz Bachir Belkacem Benali Boudiaf Bouzid Brahim Chaabane Cherif Daoud
    Djebbar Driss Fares Ferhat Ghazal Haddad Hadj Hamdi Hamid Hamou Hassan Hocine Idriss Kaci Kader
    Kamel Karim Khalifa Khelif Laarbi Lahcen Larbi Mahdi Mansour Mebarki Messaoud Mokhtar Mokrane Moussa
    Nacer Naceur Omar Othman Rabah Rachid Ramdane Saad Sadok Saïd Salah Salem Slimane Tahar Taleb Tayeb
    Yahia Youcef Zaïd Zerrouk Ziane Zidane Zitoun Ouali Touati Bouaziz"""
)
_LUSITAN = choices(
    """Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Jesus Sousa Fernandes Gonçalves Gomes
    Lopes Marques Alves Almeida Ribeiro Pinto Carvalho Teixeira Moreira Correia Mendes Nunes Soares
    Vieira Monteiro Cardoso Rocha Neves Coelho Cruz Cunha Pires Ramos Reis Simões Antunes Matos Fonseca
    Machado Araújo Barbosa Tavares Lourenço Figueiredo Henriques Baptista Freitas Barros Borges Azevedo
    Morais Magalhães Guerreiro Esteves Leite Faria Nogueira Vaz"""
)
_HISPANIC = choices(
    """García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Torres Flores Rivera Gómez
    Díaz Reyes Morales Ortiz Gutiérrez Ruiz Álvarez Jiménez Moreno Muñoz Alonso Romero Navarro Domínguez
    Gil Vázquez Serrano Ramos Blanco Molina Suárez Castro Ortega Delgado Rubio Marín Sanz Núñez Iglesias
    Medina Garrido Cortés Castillo Lozano Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León
    Herrera Peña Cabrera"""
)

ORIGINS: dict[str, Origin] = {
    "maghreb": Origin(
        choices(". . . Ben Ben_ Bou El_ Aït_ Ould_ Bel"),
        _MAGHREB_STEMS,
        choices(". . . i aoui ani ia a"),
        choices(
            """Fatima Khadija Aïcha Zohra Fatiha Malika Rachida Nadia Samira Karima Leïla Yamina Naïma
            Saïda Zineb Houria Djamila Latifa Meriem Amina Hanane Souad Nawel Sabrina Salima Farida
            Kheira Rabia Hayat Imane Soumia Asma Sarah Inès Yasmine Nour"""
        ),
        choices(
            """Mohamed Ahmed Ali Rachid Abdelkader Youssef Karim Saïd Hassan Mustapha Brahim Omar Abdallah
            Khaled Mourad Kamel Farid Nordine Djamel Hocine Lahcen Driss Tahar Bachir Samir Nabil Hamid
            Abdelaziz Slimane Ismaïl Bilal Mehdi Yacine Amine Sofiane Ayoub Anis"""
        ),
    ),
    "portugal": Origin(
        choices(". . da_ de_ dos_"),
        _LUSITAN,
        choices("."),
        choices(
            """Maria Ana Isabel Fernanda Rosa Conceição Manuela Teresa Helena Paula Fátima Luísa Lurdes
            Graça Sandra Carla Sónia Cristina Inês Beatriz Mariana Joana Catarina"""
        ),
        choices(
            """José Manuel António João Carlos Joaquim Paulo Fernando Luís Pedro Jorge Rui Francisco Américo
            Domingos Armando Vítor Sérgio Nuno Tiago Miguel Gonçalo Duarte"""
        ),
        double=True,
    ),
    "spain": Origin(
        choices(". . . . De_la_"),
        _HISPANIC,
        choices("."),
        choices(
            """María Carmen Josefa Dolores Francisca Isabel Pilar Ana Rosario Mercedes Encarnación Teresa
            Concepción Lucía Elena Marta Paula Consuelo Montserrat Inmaculada"""
        ),
        choices(
            """José Antonio Manuel Francisco Juan Pedro Jesús Ángel Miguel Rafael Luis Carlos Ramón Vicente
            Fernando Andrés Javier Álvaro Pablo Sergio"""
        ),
        double=True,
    ),
    "italy": Origin(
        choices(". . . . . . . . Di_ De_ Lo_"),
        choices(
            """Bianc Ross Russ Ferr Espos Colomb Roman Ricc Marin Grec Brun Gall Cont Mancin Costantin
            Giordan Rizz Lombard Morett Barbier Fontan Santor Marian Rinald Caruso Ferrar Villan Martin
            Leon Longh Gentil Martinell Vital Serr Coppol Pellegrin Palumb Sann Fabbr Montan Guerr
            Bertol Battagl Orland Catan Zanett Zambon"""
        ),
        choices("i i i i o a ini etti elli ello one"),
        choices(
            """Maria Giuseppina Anna Rosa Angela Giovanna Teresa Lucia Carmela Caterina Francesca
            Antonietta Paola Chiara"""
        ),
        choices(
            """Giuseppe Giovanni Antonio Mario Luigi Francesco Angelo Vincenzo Pietro Salvatore Carlo
            Franco Domenico Matteo"""
        ),
    ),
    "turkey": Origin(
        choices(". . . Kara Ak"),
        choices(
            """Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Arslan Doğan Kılıç Aslan Çetin Kurt Koç
            Özkan Şimşek Polat Korkmaz Çakır Erdoğan Güneş Yavuz Aksoy Bulut Taş Güler Ünal Işık Avcı
            Acar Tekin Bozkurt Coşkun Yüksel"""
        ),
        choices(". . . oğlu er türk"),
        choices(
            """Fatma Ayşe Emine Hatice Zeynep Elif Meryem Özlem Şerife Gülsüm Hülya Yasemin Esra Büşra
            Çiğdem Gül"""
        ),
        choices(
            """Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil
            Süleyman Kadir"""
        ),
    ),
    "poland": Origin(
        choices("."),
        choices(
            """Kowal Wiśniew Kamiń Lewandow Zieliń Szymań Dąbrow Kozłow Jankow Wojciechow Kwiatkow Krawczyk
            Piotrow Grabow Pawłow Michal Nowakow Adam Jabłoń Wróblew Majew Olszew Jaworow Malinow
            Stępniew Górow Rutkow Ostrow Sikor Bąkow Czerwiń Tomaszew Borkow Sobczyń Maciejew"""
        ),
        choices("ski"),
        choices(
            """Maria Anna Katarzyna Małgorzata Agnieszka Krystyna Barbara Ewa Elżbieta Zofia Stanisława
            Helena Irena Jadwiga"""
        ),
        choices(
            """Jan Stanisław Józef Andrzej Piotr Krzysztof Tadeusz Zbigniew Marek Kazimierz Henryk Czesław
            Władysław Łukasz"""
        ),
        choices("ska"),
    ),
    "belgium": Origin(
        choices(". . . Van_ Van_den_ De_ Vander Ver"),
        choices(
            """Peeters Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters Smet Bosch Berghe Broeck
            Heuvel Velde Meulen Hecke Eynde Steen Brande Putte Kerkhove Poorter Cauwenberghe Damme Hove
            Linden Straeten Wiele Acker Beke Bruggen"""
        ),
        choices(". . . s"),
        choices(
            """Maria Marie Martine Nathalie Anne Els Greet Hilde Katrien Lieve Griet Sofie Emma Lotte An
            Ingrid Veerle"""
        ),
        choices(
            """Jan Marc Luc Patrick Johan Dirk Peter Koen Bart Wim Jozef Guido Willy Tom Pieter Geert Filip
            Joris"""
        ),
    ),
    "britain": Origin(
        choices(". . . . Mac O'"),
        choices(
            """Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans
            Walker White Roberts Green Hall Wood Jackson Clarke Donald Kenzie Connor Brien Neill Harris
            Cooper King Baker Turner Hill Carter Morris"""
        ),
        choices(". . . . son"),
        choices(
            """Margaret Susan Jane Elizabeth Linda Patricia Helen Sarah Emma Emily Charlotte Rebecca Laura
            Kate Amy"""
        ),
        choices(
            """John David Michael Peter James Robert Andrew Stephen Paul Mark Richard Thomas William Daniel
            Oliver"""
        ),
    ),
    "germany": Origin(
        choices(". . . . von_"),
        choices(
            """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch
            Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann
            Lange Werner Krause Lehmann Köhler Strauß Groß"""
        ),
        choices(". . . mann"),
        choices(
            """Ursula Ingrid Renate Monika Helga Sabine Petra Brigitte Karin Heike Birgit Jürgen Jutta
            Annika Lena Käthe"""
        ),
        choices(
            """Hans Peter Wolfgang Klaus Jürgen Günter Dieter Werner Uwe Bernd Stefan Andreas Thomas Jörg
            Matthias Björn"""
        ),
    ),
    "romania": Origin(
        choices("."),
        choices(
            """Popa Popescu Ionescu Radu Dumitru Stan Gheorghe Rusu Munteanu Matei Marinescu Stoica
            Constantinescu Ene Florea Dobre Cristea Moldovan Tudor Vasile Nistor Lungu Preda Sandu Ursu
            Toma Oprea Ciobanu Ungureanu Bălan Diaconu Iordache Nicolescu Georgescu Stănescu Niculae
            Barbu Neagu Manole Dragomir Văcaru Țurcanu Petrescu Enache"""
        ),
        choices("."),
        choices(
            """Maria Elena Ioana Andreea Mihaela Cristina Daniela Alexandra Gabriela Ana Florentina Ștefania
            Nicoleta"""
        ),
        choices(
            """Ion Andrei Alexandru Mihai Gheorghe Vasile Ștefan Florin Adrian Cristian Marius Bogdan
            Constantin Ionuț"""
        ),
    ),
    "russia": Origin(
        choices("."),
        choices(
            """Ivan Petr Sidor Volk Kuznets Smirn Pop Sokol Lebed Kozl Novik Moroz Pavl Fedor Mikhaïl Bogdan
            Vinograd Zaïts Egor Makar Orl Andre Stepan Zakhar Boris Koval Sem Golub Tikhon Romans Karp Vlass
            Gromyk Bel Kossyg"""
        ),
        choices("ov ov ov ine"),
        choices(
            """Olga Tatiana Natalia Ielena Irina Svetlana Lioudmila Anastasia Ekaterina Ioulia Nadejda
            Galina Daria"""
        ),
        choices(
            """Alexandre Sergueï Vladimir Dmitri Andreï Alexeï Mikhaïl Ievgueni Nikolaï Ivan Viktor Iouri
            Oleg"""
        ),
        choices("ova ova ova ina"),
    ),
    "ukraine": Origin(
        choices("."),
        choices(
            """Chevtchenko Bondarenko Kovalenko Tkatchenko Kravtchenko Boïko Melnitchouk Polichtchouk
            Rudenko Savtchenko Lyssenko Marchenko Moroz Petrenko Oliynyk Chvets Hontchar Kovaltchouk
            Pavlenko Vassylenko Klymenko Tkatchouk"""
        ),
        choices("."),
        choices(
            """Olena Oksana Natalia Tetiana Iryna Svitlana Ioulia Kateryna Halyna Daria Nadia Lioudmyla
            Anastasia"""
        ),
        choices("""Oleksandr Volodymyr Serhiy Andriy Mykola Ivan Viktor Dmytro Iouri Vassyl Bohdan Taras Oleh"""),
    ),
    "serbia": Origin(
        choices("."),
        choices(
            """Jovan Petr Nikol Markov Đorđ Stojan Ilij Stankov Pavl Milan Simon Todor Vuk Radov Lazar Mitr
            Savić Kost Živk Bož"""
        ),
        choices("ović ević ić anović"),
        choices(
            """Milica Jelena Marija Ivana Dragana Snežana Vesna Gordana Slavica Ljiljana Zorica Nada Branka
            Mirjana"""
        ),
        choices(
            """Dragan Zoran Milan Nikola Aleksandar Dejan Goran Slobodan Miloš Đorđe Marko Željko Predrag
            Radovan"""
        ),
    ),
    "albania": Origin(
        choices("."),
        choices(
            """Hoxh Shehu Çel Krasniq Gash Berish Kelmend Morin Bytyq Rexh Isuf Ahmet Halil Osman Selim Muj
            Zek Hasan Leka Prend"""
        ),
        choices("a i aj u"),
        choices("Elira Drita Valbona Mimoza Arta Blerta Teuta Vjollca Albana Besa Ermira Shpresa Ardita"),
        choices("Agim Besnik Arben Ilir Dritan Fatmir Luan Bekim Artan Gëzim Valon Ardian Skënder"),
    ),
    "georgia": Origin(
        choices("."),
        choices(
            """Beridze Kapanadze Gelachvili Maïsuradze Guiorgadze Lomidze Tsiklaouri Kvaratskhelia Nozadze
            Khoutsichvili Mamoulachvili Abachidze Japaridze Gogoladze Tchkheidze Dolidze Kobakhidze
            Mtchedlichvili Sichinava Djanelidze"""
        ),
        choices("."),
        choices("Nino Tamari Mariami Natia Ketevan Eka Lela Tinatin Manana Nana Khatouna"),
        choices("Guiorgui Davit Zourab Levan Irakli Nika Louka Tornike Chota Vakhtang Zaza"),
    ),
    "armenia": Origin(
        choices("."),
        choices(
            """Grigor Sargs Harout Hovhannis Khatchatour Petros Vardan Karapet Mkrtch Avet Stepan Manouk
            Ghazar Aram Hakob Davt"""
        ),
        choices("ian yan iants"),
        choices("Anahit Hasmik Gayané Narine Lousiné Karine Armine Siranouche Ani Mariam Nouné"),
        choices("Armen Aram Hovhannès Gevorg Tigran Karen Vardan Samvel Hayk Artak Narek"),
    ),
    "greece": Origin(
        choices(". . Papa"),
        choices(
            """Georg Nikola Dimitri Konstantin Ioann Vasil Athanas Panagiot Christ Theodor Alex Anton Stavr
            Markop"""
        ),
        choices("iou akis idis opoulos atos as"),
        choices("Maria Eleni Katerina Vasiliki Sofia Angeliki Georgia Dimitra Ioanna Despina"),
        choices(
            """Georgios Dimitrios Konstantinos Ioannis Nikolaos Christos Panagiotis Vasilios Athanasios
            Spyridon"""
        ),
    ),
    "west_africa": Origin(
        choices("."),
        choices(
            """Traoré Diallo Coulibaly Keïta Diarra Camara Koné Touré Sissoko Dembélé Sidibé Sangaré Cissé
            Diop Ndiaye Fall Faye Sow Ba Sy Kane Gueye Sarr Seck Mbaye Niang Diouf Sall Barry Bah
            Bangoura Sylla Condé Soumah Fofana Konaté Ouattara Kouassi Kouamé Yao Konan N'Guessan
            N'Diaye Kouadio Koffi Bamba Doumbia Diakité Drame Soumaré Kanté Wague Gassama Diaby Sacko
            Magassa Kébé Tandia Bathily Mendy Gomis Sané Badji Mané Diatta"""
        ),
        choices("."),
        choices(
            """Fatoumata Aminata Mariam Aïssatou Awa Oumou Kadiatou Ramata Hawa Bintou Fanta Djeneba Ndeye
            Khady Adama Assa"""
        ),
        choices(
            """Mamadou Moussa Ibrahima Amadou Ousmane Abdoulaye Boubacar Seydou Cheikh Modou Alassane
            Bakary Souleymane Sékou"""
        ),
    ),
    "central_africa": Origin(
        choices("."),
        choices(
            """Mbemba Makaya Nkounkou Loemba Mabiala Ngoma Moukoko Bemba Kabongo Ilunga Mbuyi Tshibanda
            Mukendi Kalala Kasongo Lukaku Matondo Nzuzi Nsimba Mpaka Ngono Atangana Fotso Kamga Tchoumi
            Nguema Ondo Mbarga Essomba Abena Eyenga Kenfack Talla Djoumessi Ngassa Bassong Mayele Kitoko
            Massamba Malonga Samba Bouanga"""
        ),
        choices("."),
        choices(
            """Grâce Espérance Bénédicte Solange Clarisse Merveille Divine Naomie Rachel Mireille Blandine
            Béatrice Chancelle"""
        ),
        choices(
            """Christian Dieudonné Patrick Jean-Pierre Emmanuel Trésor Gloire Prince Exaucé Fabrice Serge
            Aristide Guy Bienvenu"""
        ),
    ),
    "madagascar": Origin(
        choices("Ra Rako Rako Andria Ratsi Rande Rasoa"),
        choices(
            """to ri mana tsara harison bearivony malala nomena ravelo nantenaina manana solofo rindra zafy
            harimanana mihaja"""
        ),
        choices("ndrazaka . arivelo soa nirina arisoa manantsoa bololona"),
        choices("Hanta Voahangy Lalao Nirina Fara Mialy Tiana Noro Vololona Haingo Ony Soa"),
        choices("Hery Tojo Mamy Solofo Rivo Haja Faly Naina Tiana Jaona Lova Ando"),
    ),
    "comoros": Origin(
        choices(". . . Ben_ M'"),
        choices(
            """Ahamada Abdou Saïd Mohamed Ali Soilihi Mmadi Combo Hassani Attoumani Madi Boina Bacar
            Houmadi Ibrahim Youssouf"""
        ),
        choices(". . i"),
        choices(
            """Anrafa Echati Moinaecha Zalihata Mariama Hadidja Faouzia Nafissa Roukia Salima Zaïnaba
            Hissami"""
        ),
        choices("Saïd Abdou Ali Mohamed Ibrahim Youssouf Soilihi Nassur Hamada Mouslim Fahardine Anli"),
    ),
    "vietnam": Origin(
        choices("."),
        choices(
            """Nguyễn Nguyễn Nguyễn Trần Trần Lê Phạm Huỳnh Phan Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Vũ Trương
            Đinh Mai Lâm"""
        ),
        choices("."),
        choices(
            """Thị_Hương Thị_Lan Thị_Mai Kim_Anh Thu_Hà Ngọc_Lan Thanh_Thúy Minh_Châu Bích_Ngọc Hồng_Hạnh
            Thùy_Linh Mỹ_Linh"""
        ),
        choices(
            """Văn_Hùng Minh_Đức Quốc_Việt Anh_Tuấn Thanh_Long Hoàng_Nam Đức_Minh Xuân_Trường Tấn_Phát
            Hữu_Nghĩa Công_Minh"""
        ),
    ),
    "cambodia": Origin(
        choices("."),
        choices(
            """Sok Chea Keo Heng Kim Lim Ly Sar Sam Tep Phan Prak Chhim Khieu Meas Nhem Pich Seng Som Ung
            Yim"""
        ),
        choices("."),
        choices("Sophea Bopha Chantha Sreymom Kunthea Maly Sokha Rachana Channary"),
        choices("Sokha Vuthy Dara Sophal Samnang Rithy Bunthoeun Veasna Piseth"),
    ),
    "china": Origin(
        choices("."),
        choices(
            """Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Lin Guo He Gao Zheng Ye Jin
            Dong Pan Cai Lü"""
        ),
        choices("."),
        choices("Xiaohong Li Yan Fang Juan Xiu Ying Min Jing Lihua Meiling Xue Yuting Xinyi Aiping Chunhua"),
        choices("""Wei Jian Jun Qiang Lei Ming Bo Tao Guoqiang Jianguo Zhiyong Haoran Yifan Xiaoming Zhongwei"""),
    ),
    "tamil": Origin(
        choices("."),
        choices(
            """Sivas Kanag Thamb Selvar Rajar Ponnud Navar Balas Sinn Vell Nadar Kandas Vigner Mahend Jeyar
            Arulan"""
        ),
        choices("ubramaniam aratnam irajah ajah anathan alingam apillai amy"),
        choices("Kamala Lakshmi Saraswathy Vasanthi Malarvizhi Sivagami Thulasi Nirmala Kavitha Priya"),
        choices("Sivakumar Rajendran Kumar Suresh Ramesh Ganesh Thiru Mohanraj Prabakaran Nithyan"),
    ),
    "south_asia": Origin(
        choices(". . Md_"),
        choices(
            """Khan Hussain Ahmed Islam Rahman Hossain Uddin Begum Akhtar Chowdhury Malik Butt Iqbal
            Mahmood Miah Sarkar Bibi Shah"""
        ),
        choices("."),
        choices("Fatema Nasreen Shahida Parveen Rubina Ayesha Sultana Farzana Nusrat Sumaiya"),
        choices("Muhammad Imran Tariq Rafiq Jahangir Shahid Kamal Faisal Naveed Abdul"),
    ),
    "levant": Origin(
        choices(". . . Al_ Al- Abou_"),
        choices(
            """Hassan Haddad Khoury Mansour Saleh Nasser Khalil Ibrahim Hussein Ahmad Darwish Najjar Khatib
            Masri Halabi Sayed Ahmadi Rahimi Karimi Hosseini Noori Safi Zahir Sharif Hakimi Azizi
            Mohammadi Sabbagh Shami Issa Barakzai Yousafzai Akbari"""
        ),
        choices("."),
        choices("Fatma Maryam Zahra Nour Rana Hala Layla Samar Rim Dina Salma Amal Ghada Farzana"),
        choices(
            """Mohammad Ahmad Ali Hussein Mahmoud Omar Khaled Hassan Yousef Ibrahim Tarek Walid
            Abdul_Rahman Najib"""
        ),
    ),
    "haiti": Origin(
        choices(". . . . Saint-"),
        choices(
            """Jean Pierre Joseph Charles Louis François Paul Michel Baptiste Augustin Désir Dorval Estimé
            Étienne Toussaint Cadet"""
        ),
        choices(". . -Baptiste -Louis"),
        choices("Marie Rose Guerline Mirlande Nadège Roseline Wideline Ketline Fabiola Dieula Judith"),
        choices("Jean Wilner Ronald Jocelyn Frantz Evens Dieuseul Wilfrid Reginald Emmanuel Fritz"),
    ),
    "overseas": Origin(
        choices("."),
        choices(
            """Payet Hoarau Grondin Boyer Fontaine Rivière Techer Robert Dijoux Lebon Maillot Bègue Ethève
            Sautron Virapoullé Narayanin Cadet Nativel Turpin Baptiste Jean-Baptiste Jean-Louis
            Sainte-Rose Joseph-Angélique Zobda Marie-Louise Célestine Bellance Rosemain Lacroix Nestor
            Dorville Pétrus Marie-Sainte Louis-Joseph Lutbert Teheiura Tamatoa"""
        ),
        choices("."),
        choices(
            """Marie Marie-Josée Ginette Nadine Raymonde Lucette Chantal Corinne Nathalie Karine Johanna
            Océane Maëva Inès Éva"""
        ),
        choices(
            """Jean Joseph Georges Patrick Fred Éric Jean-Yves Christophe Ludovic Kévin Dylan Mathéo Teva
            Loïc Jimmy Bruno"""
        ),
    ),
    "corsica": Origin(
        choices(". . . . De_"),
        choices(
            """Albert Luc Paol Sant Mattei Giacom Casa Leandr Orsin Pietr Ros Battist Filipp Andrean
            Marcell Agostin Guerrin Franc"""
        ),
        choices("ini iani oni i etti acci occhi ucci"),
        choices("Marie Lisandra Ghjulia Vannina Letizia Antonia Dominique Serena Laetitia Maria-Dea"),
        choices(
            """Ange Toussaint Ange-Marie Pascal Dominique Antoine Jean-Baptiste Lisandru Petru Ghjuvan
            Don-Jacques"""
        ),
    ),
}

# Usual transliterations of the same name. A hospital that does not copy a document writes the one that it hears.
VARIANTS: dict[str, tuple[str, ...]] = {
    "Mohamed": ("Mohammed", "Mohammad", "Mouhamed", "Muhammad"),
    "Mohammad": ("Mohamed", "Mohammed"),
    "Muhammad": ("Mohammad", "Mohamed"),
    "Ahmed": ("Ahmad", "Ahmet"),
    "Youssef": ("Youcef", "Yousef", "Yusuf"),
    "Yousef": ("Youssef", "Yusef"),
    "Khadija": ("Khadidja", "Hadija"),
    "Fatima": ("Fatma", "Fathima"),
    "Aïcha": ("Aisha", "Ayesha"),
    "Meriem": ("Meryem", "Maryam"),
    "Leïla": ("Layla", "Lila"),
    "Abdelkader": ("Abdel Kader", "Abd El Kader"),
    "Mustapha": ("Mostafa", "Mustafa"),
    "Hocine": ("Houcine", "Hussein"),
    "Slimane": ("Sliman", "Sulaiman"),
    "Nordine": ("Noureddine", "Nour Eddine"),
    "Sergueï": ("Sergey", "Serguei", "Serhii"),
    "Ievgueni": ("Evgueni", "Evgeny", "Yevhen"),
    "Ielena": ("Elena", "Olena", "Yelena"),
    "Ioulia": ("Julia", "Yulia", "Iuliia"),
    "Iouri": ("Yuri", "Youri"),
    "Volodymyr": ("Vladimir", "Wolodymyr"),
    "Vladimir": ("Wladimir", "Volodymyr"),
    "Oleksandr": ("Alexandre", "Olexandr"),
    "Alexeï": ("Aleksei", "Alexey"),
    "Ekaterina": ("Yekaterina", "Iekaterina"),
    "Anastasia": ("Anastasiia", "Anastassia"),
    "Guiorgui": ("Giorgi", "Georgi"),
    "Lioudmila": ("Ludmila", "Liudmyla"),
    "Fatoumata": ("Fatou", "Fatimata"),
    "Mamadou": ("Mamadu", "Mouhamadou"),
    "Aïssatou": ("Aissata", "Aïchatou"),
    "Hovhannès": ("Hovhannes", "Ovanes"),
    "Mehmet": ("Mehmed", "Mohamed"),
    "Đorđe": ("Djordje", "Dorde"),
    "Văn Hùng": ("Van Hung", "Hung"),
    "Ștefan": ("Stefan", "Stephan"),
}
# The same inside surnames, replaced where they occur.
SOUNDS = (
    ("Tch", "Ch"),
    ("tch", "ch"),
    ("ch", "sh"),
    ("ou", "u"),
    ("ï", "i"),
    ("Kh", "H"),
    ("dj", "j"),
    ("ss", "s"),
    ("ine", "in"),
)
