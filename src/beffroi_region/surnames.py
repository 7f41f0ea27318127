"""French surnames with the frequencies of the country: a few very common ones, and half of the people with rare ones.

Three layers, from the most common down:
1. `COMMON`: surnames that everybody knows, in their rough order; the order is knowledge, the shares are a curve;
2. names of middling frequency, composed from the stems and endings of French toponyms, trades and nicknames;
3. a long tail of some 150,000 rare names, composed in the same way.

The curve (`share_of_rank`) is a broken power law drawn through round figures of common knowledge: one person in 290
bears the first name, one in 2,200 the hundredth, one in 9,500 the thousandth, one in 80,000 the ten thousandth. Two
people taken at random then bear the same surname once in some 7,000 pairs; a test measures it.
"""

from bisect import bisect
from itertools import accumulate, chain, islice
from math import log

from beffroi_region.word_lists import words

COMMON = tuple(
    dict.fromkeys(
        """Martin,Bernard,Thomas,Petit,Robert,Richard,Durand,Dubois,Moreau,Laurent,Simon,Michel,Lefebvre,Leroy,Roux,David,
Bertrand,Morel,Fournier,Girard,Bonnet,Dupont,Lambert,Fontaine,Rousseau,Vincent,Muller,Lefèvre,Faure,André,Mercier,
Blanc,Guérin,Boyer,Garnier,Chevalier,François,Legrand,Gauthier,Garcia,Perrin,Robin,Clément,Morin,Nicolas,Henry,Roussel,
Mathieu,Gautier,Masson,Marchand,Duval,Denis,Dumont,Marie,Lemaire,Noël,Meyer,Dufour,Meunier,Brun,Blanchard,Giraud,Joly,
Rivière,Lucas,Brunet,Gaillard,Barbier,Arnaud,Martinez,Gérard,Roche,Renard,Schmitt,Roy,Leroux,Colin,Vidal,Caron,Picard,
Roger,Fabre,Aubert,Lemoine,Renaud,Dumas,Lacroix,Olivier,Philippe,Bourgeois,Pierre,Benoît,Rey,Leclerc,Payet,Rolland,
Leclercq,Guillaume,Lecomte,Lopez,Jean,Dupuy,Guillot,Hubert,Berger,Carpentier,Sanchez,Dupuis,Moulin,Louis,Deschamps,
Huet,Vasseur,Perez,Boucher,Fleury,Royer,Klein,Jacquet,Adam,Paris,Poirier,Marty,Aubry,Guyot,Carré,Charles,Renault,
Charpentier,Ménard,Maillard,Baron,Bertin,Bailly,Hervé,Schneider,Fernandez,Le Gall,Collet,Léger,Bouvier,Julien,Prévost,
Millet,Perrot,Daniel,Le Roux,Cousin,Germain,Breton,Besson,Langlois,Rémy,Le Goff,Pelletier,Lévêque,Perrier,Leblanc,
Barré,Lebrun,Marchal,Weber,Mallet,Hamon,Boulanger,Jacob,Monnier,Michaud,Rodriguez,Guichard,Gillet,Étienne,Grondin,
Poulain,Tessier,Chevallier,Collin,Chauvin,Da Silva,Bouchet,Gay,Lemaître,Bénard,Maréchal,Humbert,Reynaud,Antoine,Hoarau,
Perret,Barthélemy,Cordier,Pichon,Lejeune,Gilbert,Lamy,Delaunay,Pasquier,Carlier,Laporte,Rivet,Delmas,Hoareau,Bodin,
Lelong,Mahé,Pons,Bigot,Poulet,Coste,Camus,Imbert,Allard,Ferrand,Buisson,Besnard,Blondel,Marion,Verdier,Fischer,
Jacquot,Tanguy,Fouquet,Devaux,Courtois,Wagner,Lacombe,Legros,Raynaud,Normand,Marechal,Briand,Delattre,Delahaye,
Gonzalez,Duhamel,Turpin,Gros,Launay,Martel,Valentin,Voisin,Laroche,Georges,Tournier,Couturier,Potier,Didier,Guillou,
Parent,Mace,Chauveau,Pineau,Bazin,Lesage,Duclos,Guillet,Hamel,Cohen,Vallet,Rossi,Weiss,Ruiz,Guilbert,Merle,Delorme,
Seguin,Joubert,Thibault,Rousset,Texier,Lebreton,Auger,Grenier,Chevrier,Barbe,Bruneau,Regnier,Pruvost,Evrard,Navarro,
Loiseau,Godard,Jourdan,Letellier,Raymond,Levy,Leconte,Peltier,Coulon,Devos,Dias,Pereira,Ferreira,Morvan,Prigent,
Blin,Ledoux,Billard,Salmon,Maury,Pascal,Masse,Ollivier,Benoist,Guillon,Delage,Bousquet,Chauvet,Descamps,Gomez,Riou,
Drouet,Delannoy,Becker,Allain,Lagarde,Cochet,Pages,Barre,Hernandez,Lacoste,Maurice,Hebert,Lenoir,Valette,Rodrigues,
Fernandes,Traoré,Nguyen,Chartier,Vaillant,Bourdon,Antunes,Diallo,Leduc,Foucher,Jacques,Alexandre,Grand,Guyon,Brunel,
Verger,Duprez,Delarue,Gilles,Blot,Grégoire,Marin,Labbé,Hardy,Toussaint,Mary,Jung,Blanchet,Bouvet,Gosselin,Teixeira,
Lefort,Lecocq,Marques,Kieffer,Leblond,Pottier,Doucet,Paul,Barbier,Fontaine,Renaud,Bonneau,Mas,Andrieu,Costa,Diot,
Charrier,Chapuis,Boulay,Duchêne,Berthelot,Thierry,Ferré,Delcroix,Jacquin,Keller,Cordonnier,Vial,Bocquet,Poncet,Huguet,
Vallée,Besse,Boutin,Chambon,Lepage,Ferry,Baudry,Fortin,Clerc,Dujardin,Rigaud,Dubreuil,Brault,Rault,Delattre,Prat,
Bonnin,Monier,Besançon,Vigneron,Sauvage,Picot,Lombard,Mouton,Constant,Maillot,Pinto,Lasserre,Hue,Guégan,Le Corre,
Jolly,Pommier,Dupré,Brossard,Guillemin,Bonhomme,Mounier,Le Bihan,Laine,Tellier,Raoul,Techer,Gaudin,Forestier,Bataille,
Rose,Mignot,Boivin,Granger,Flament,Saunier,Fouché,Ramos,Lopes,Rousselle,Crépin,Lafon,Delacroix,Bertho,Wolff,
Ferrari,Vivier,Gras,Merlin,Bellanger,Sabatier,Thiébaut,Claude,Goncalves,Léonard,Lefranc,Dos Santos,Blaise,Bastien,
Ducrocq,Bayle,Tixier,Papin,Guyard,Gallet,Boulet,Lelièvre,Guibert,Beaumont,Pujol,Martineau,Levasseur,Fayolle,Bon,
Ribeiro,Mercadier,Rouxel,Le Floch,Kuhn,Jamet,Derrien,Poisson,Picard,Walter,Armand,Sellier,Salaün,Guy,Michelet,
Geoffroy,Chatelain,Soulier,Cros,Carvalho,Cadet,Savary,Dubos,Lavigne,Bouchard,Alvès,Roth,Hoffmann,Bourdin,Lemonnier,
Castel,Arnould,Delaporte,Schmidt,Mendes,Bernier,Legendre,Le Borgne,Benard,Chabert,Le Roy,Cuvelier,Delobel,Deroubaix,
Dhaine,Vandamme,Vandenbroucke,Verhaeghe,Deleplanque,Lecoeuvre,Wattel,Wallart,Defrance,Duquesne,Delplanque,Hennebelle,
Dubrulle,Lesaffre,Demeyer,Desmet,De Smet,Vermeersch,Claeys,Maes,Coppens,Declercq,De Clercq,Dewaele,Debruyne,Lernould,
Delval,Dhennin,Bracq,Lenglet,Lenglart,Fauquembergue,Vasseur,Hanquez,Pruvot,Macquart,Bécue,Decroix,Delecroix,Wambergue,
Capelle,Cappelle,Carton,Delbecque,Delemazure,Dupriez,Desprez,Deprez,Ducatez,Duriez,Leroy,Lefebvre,Leleu,Lemaire,Flahaut,
Flament,Fiévet,Fontaine,Hochart,Houzé,Lambin,Cailliez,Caudron,Caullet,Bomy,Bouchez,Boulanger,Boidin,Bacquet,Baillet,
Bailleul,Balavoine,Bar,Beauvois,Behague,Berthe,Berteloot,Bulteau,Cattiaux,Charlet,Clipet,Cocquerelle,Cornette,Courbet,
Courtecuisse,Crombez,Crespel,Danel,Dassonville,Decaudin,Defebvre,Degand,Deguines,Delannoy,Delepierre,Delforge,
Delhaye,Demarquilly,Demaret,Demay,Denoyelle,Derache,Deregnaucourt,Dewailly,Dhalluin,D'Hondt,D'Halluin,Delvallée,
Douchet,Dransart,Drieux,Dubar,Dubus,Ducornet,Dumortier,Dusart,Empis,Facon,Farineaux,Fichaux,Foulon,Fourmaux,Gadenne,
Gallois,Ghesquière,Gourdin,Grimonprez,Guislain,Haution,Hennart,Herbaut,Hermant,Hocquet,Hollebecque,Honoré,Isaert,
Joncquez,Kerckhove,Laignel,Lallemand,Lamblin,Lanoy,Laurent,Lecerf,Lefait,Legay,Leignel,Lemoine,Lepers,Lepoutre,
Lesage,Lestienne,Leuridan,Level,Liagre,Liénard,Loridan,Macaigne,Mahieu,Malfait,Marécaux,Marquis,Meurisse,Minet,
Monchaux,Motte,Mullier,Obin,Outters,Parmentier,Pecqueur,Petitprez,Picavet,Platel,Plouvier,Pollet,Ponchaux,Poulain,
Pronier,Quaegebeur,Quenneson,Raviart,Renard,Ringot,Roussel,Rysman,Saint-Maxent,Sauvage,Scalbert,Sergeant,Six,Soyez,
Spriet,Stévenard,Tiberghien,Thuilliez,Trédez,Vanhoutte,Vandevelde,Van de Velde,Vandewalle,Van Hove,Verbeke,Verdonck,
Verkindère,Vienne,Vilain,Wacheux,Waquet,Warembourg,Wartelle,Watine,Willot,Zajac,Nowak,Kaczmarek,Kowalski,Wojcik,
De Sousa,Dos Reis,Aït Ali,Ben Ali,Le Guen,Le Bris,Le Berre,Le Dantec,Le Meur,Le Pape,Le Goas,Le Moal,Kerouanton,
Kermarrec,Quéméner,Quéré,Guivarc'h,Floc'h,Cloarec,Abgrall,Jaouen,Prigent,Riou,Madec,Corre,Ollivier,Tanguy,Pennec,
De La Fontaine,De Bruyne,De Saint-Martin,D'Hulst,D'Haene,Du Pont,Des Ormes,De Villiers,De Lattre,Du Bois,De Rycke,
De Backer,L'Hermitte,L'Hôte,L'Huillier,D'Angelo,D'Almeida,O'Brien,Saint-Jean,Saint-Martin,Saint-André,Sainte-Rose,
Etcheverry,Etchegaray,Iribarne,Harispe,Bidart,Casanova,Santoni,Luciani,Paoli,Colonna,Albertini,Mattei,Giacomoni,
Lapeyre,Lacaze,Labat,Laborde,Lafitte,Laffont,Lagrange,Lalanne,Lamarque,Larrieu,Lartigue,Lasalle,Latour,Cazeneuve,
Cazals,Castaing,Castéra,Dupouy,Duffau,Darrieus,Dufau,Soubirous,Barthe,Barrère,Bayrou,Bergès,Puech,Rouquette,Fabrègues,
Cazaux,Miquel,Sarrazin,Zimmermann,Schwartz,Schaeffer,Ehrhart,Heitz,Kessler,Koehler,Kempf,Lutz,Metz,Oster,Schultz,
Sutter,Ulrich,Vogel,Ziegler,Baumann,Bauer,Braun,Ernst,Frey,Friedrich,Fritsch,Fuchs,Gross,Haas,Hahn,Hartmann,Hermann,
Bossu,Lecoq,Lecointe,Lecuyer,Ledru,Lefaure,Lefeuvre,Legoux,Lemarié,Lenormand,Lepetit,Lerouge,Lesueur,Letourneur,
Quentin,Thuillier,Thorel,Tassin,Tavernier,Tardif,Tardy,Terrier,Testard,Théry,Thévenin,Thomasset,Tissot,Tisserand,
Tonnelier,Toutain,Trouvé,Vacher,Vannier,Varin,Vauthier,Verrier,Vernet,Veyrat,Viard,Vigier,Villard,Vitry,Vuillemin""".replace(
            "\n", ""
        ).split(",")
    )
)

_PREFIXES = ("De", "Du", "La", "Le ", "Saint-", "Mont", "Bel", "Beau", "Clair", "Haut", "Val", "D'", "De ", "De La ")
_STEMS = words(
    """alb ampl anger arb arc aub aud auv bad bail balz bar bass bauc beaud bel ber bert blanch bois bonn
    bord boss bouch boul bourd bourg bous boutill brag brand brev briss broch brouss brug burg cab cach
    caill calm camb cant capel carb card cass cast caud cav cell cerv chab chal champ chant chap charb
    chast chat chav chen cherv clav clos cler coll comb corb corn cott coud cour court cous crep crois
    cuv dam darr daub daun del dem dor dour drou duch dur esc esp est fab far fau fauv fav fern ferr
    feuill flam fleur font forg foss fouch foug fourn frem fress fum gab gaill gal gamb gand garr gast
    gaud gel germ gib gir glos god gomb gond gor goss goud gran grav grimb gris gros guerr guib guill
    hamel hav hem herb hod host hour hub jac jal jard jarr jonch joss jourd jouv juill labr lach lad
    lalm lamb lanc lang larr lass laun lav lazar lem lev lib lign lim loch lorm louv luc mac magn maill
    mal manc mand marc marg mart mass maud maur maz mell menn merc mess meur mich mill mir mol monn mor
    mott moul mour moutt nal narb nav ner niv nog nouv oliv orl orn ors pag pall papill par pass pat
    pauc peir pell perch perr pesch peyr pic pign pin plan plass poir pom pont porch port pouill poul
    prad prov pruv puch quent quill rab rag ramb ranc ras rav reb regn rem ren ress rib rich rig riv rob
    roch rog rom ronc ros rouch roug rouss rouv sab sacr sal samb sant sarr saul sauv sav seg sem senn
    serr sev sign sorb soub soul tach taill tal tarr teil tess thib till tiss torr touch tour trem
    trouill vach vail val vand var vass vaud veil vend ver vern vez vial vid vign vill viv voll vuill
    wart watt wil"""
)
_MIDDLES = words("an er el ar ill ass ign ett onn ol at im ouv ard enc ab erm in ot")
_ENDINGS = words(
    """ain ard et ier eau in on el aud ault ette ot and at er y aux é elle ère eron ey ez ière ine iot is
    oin oux ois uel aine ais as aut elin enet eur ent iol ol onnet otte ou oud ouin oul ry u uy ac ade
    age argues art ay euil igny ignac incourt imont oire olet outre quet quin ville euf ens"""
)

_LONG_ENDINGS = words("""ain ard et ier eau in on aud ault ot and at er elle ère ez ière ine iot oin oux is euil""")

MIDDLING_COUNT = 10_000
TAIL_COUNT = 200_000
# (rank from, share that bears the name of that rank, exponent until the next row): see the module's docstring.
_CURVE: tuple[tuple[int, float, float], ...] = (
    (1, 0.0035, 0.33),
    (10, 0.00165, 0.57),
    (100, 0.00045, 0.63),
    (1_000, 0.000105, 0.925),
    (10_000, 0.0000125, 1.0),
)
# Odd multipliers without a factor in common with the counts, so that neighbours in rank do not look alike.
_MIXING = 7_368_787


def share_of_rank(rank: int) -> float:
    """The share of the population that bears the surname of this rank (from 1).

    >>> round(1 / share_of_rank(1)), round(1 / share_of_rank(100))
    (286, 2222)
    """
    start, share, exponent = next(row for row in reversed(_CURVE) if row[0] <= rank)
    return share * float((rank / start) ** -exponent)


def middling(index: int) -> str:
    """A plausible surname of a stem and an ending, a different one for each index below 20,000.

    >>> middling(0), middling(1), middling(2)
    ('Albain', 'Michard', 'Clavet')
    """
    stem, ending = divmod(index * _MIXING % (len(_STEMS) * len(_ENDINGS)), len(_ENDINGS))
    return _attached(_STEMS[stem], _ENDINGS[ending]).capitalize()


def rare(index: int) -> str:
    """A plausible rare surname, with few repetitions among the indices below `TAIL_COUNT`.

    >>> rare(8), rare(1), rare(199_999)
    ('Beauglosy', 'Soubillard', 'Jonchardère')
    """
    if index % 8 == 0:
        prefix, rest = divmod(index * _MIXING % (len(_PREFIXES) * 2 * MIDDLING_COUNT), 2 * MIDDLING_COUNT)
        word = middling(rest)
        return _PREFIXES[prefix] + (word.lower() if _PREFIXES[prefix].isalpha() else word)
    count = len(_STEMS) * len(_MIDDLES) * len(_LONG_ENDINGS)
    rest, ending = divmod(index * _MIXING % count, len(_LONG_ENDINGS))
    stem, middle = divmod(rest, len(_MIDDLES))
    return _attached(_attached(_STEMS[stem], _MIDDLES[middle]), _LONG_ENDINGS[ending]).capitalize()


def _attached(start: str, end: str) -> str:
    """`start` and `end` as French spelling joins them: a hard c or g stays hard."""
    if end[0] in "eéèiy" and start[-1] in "cg":
        return start[:-1] + ("qu" if start[-1] == "c" else "gu") + end
    return start[:-1] + end if start[-1] == end[0] else start + end


def _explicit() -> tuple[tuple[str, ...], tuple[float, ...], float]:
    """The common and middling names, their cumulated shares, and the mass of the tail."""
    fill = (middling(index) for index in range(2 * MIDDLING_COUNT))
    names = tuple(islice(dict.fromkeys(chain(COMMON, fill)), MIDDLING_COUNT))
    shares = [share_of_rank(rank) for rank in range(1, len(names) + 1)]
    tail = share_of_rank(MIDDLING_COUNT) * MIDDLING_COUNT * log(TAIL_COUNT / MIDDLING_COUNT)
    total = sum(shares) + tail
    return names, tuple(accumulate(share / total for share in shares)), tail / total


EXPLICIT, EXPLICIT_SHARES, TAIL_SHARE = _explicit()
_EXPLICIT_SHARE = EXPLICIT_SHARES[-1]
_TAIL_RATIO = TAIL_COUNT / MIDDLING_COUNT


def surname(u: float) -> str:
    """The surname at `u` (0 to 1, excluded) of the cumulated shares.

    >>> surname(0.0), surname(0.3)
    ('Martin', 'Cailler')
    """
    if u < _EXPLICIT_SHARE:
        return EXPLICIT[bisect(EXPLICIT_SHARES, u)]
    # In the tail the share falls as 1 / rank, so ranks are uniform on a logarithmic scale.
    return rare(int(MIDDLING_COUNT * _TAIL_RATIO ** ((u - _EXPLICIT_SHARE) / TAIL_SHARE)))
