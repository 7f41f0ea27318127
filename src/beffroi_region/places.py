"""Where people are born and live: INSEE commune codes, postal codes, country codes, as facts.

A birth place is the commune of a maternity, so only towns count; its code is the one at the date of birth. Paris, Lyon
and Marseille register births by arrondissement. Abroad is 99 and the country's three digits.

Source: INSEE, code officiel géographique (communes, pays); only the shares are ours, of a northern region.
"""

from dataclasses import dataclass
from itertools import accumulate

from beffroi.model.person import BirthPlace


@dataclass(frozen=True, slots=True)
class Town:
    """A commune of the region. `weight` is its share of residents and births, in thousands of inhabitants."""

    cog: str
    name: str
    postal_code: str
    weight: int
    maternity: bool = True


_REGION = """
59350 Lille 59000 236 m|59512 Roubaix 59100 98 m|59599 Tourcoing 59200 98 m|59183 Dunkerque 59140 86 m
59009 Villeneuve-d'Ascq 59650 62 m|59606 Valenciennes 59300 43 m|59178 Douai 59500 40 m|59122 Cambrai 59400 32 m
59392 Maubeuge 59600 29 m|59017 Armentières 59280 25 m|59295 Hazebrouck 59190 21 m|59172 Denain 59220 20 m
59650 Wattrelos 59150 41 -|59378 Marcq-en-Barœul 59700 39 -|59328 Lambersart 59130 28 -|59360 Loos 59120 22 -
59163 Croix 59170 21 -|59279 Halluin 59250 21 -|59646 Wasquehal 59290 20 -|59271 Grande-Synthe 59760 21 m
59526 Saint-Amand-les-Eaux 59230 16 -|62041 Arras 62000 42 m|62193 Calais 62100 67 m|62160 Boulogne-sur-Mer 62200 41 m
62498 Lens 62300 32 m|62119 Béthune 62400 25 m|62765 Saint-Omer 62500 15 m|62427 Hénin-Beaumont 62110 26 m
62510 Liévin 62800 30 -|62178 Bruay-la-Buissière 62700 22 -|62215 Carvin 62220 18 -|62065 Avion 62210 18 -
62108 Berck 62600 13 m|80021 Amiens 80000 134 m|80001 Abbeville 80100 22 m|80620 Péronne 80200 8 m
80016 Albert 80300 10 -|80253 Doullens 80600 6 -|60057 Beauvais 60000 56 m|60159 Compiègne 60200 40 m
60175 Creil 60100 36 m|60612 Senlis 60300 15 m|60471 Noyon 60400 13 -|02408 Laon 02000 24 m
02691 Saint-Quentin 02100 53 m|02722 Soissons 02200 28 m|02168 Château-Thierry 02400 15 m|02173 Chauny 02300 12 m
"""
# Births in the rest of the country, in thousands of inhabitants of the commune.
_ELSEWHERE = """
75105 Paris 60|75110 Paris 90|75112 Paris 140|75113 Paris 180|75114 Paris 140|75115 Paris 230|75116 Paris 165
75118 Paris 190|75119 Paris 185|75120 Paris 190|13201 Marseille 40|13205 Marseille 46|13208 Marseille 82
13213 Marseille 93|13215 Marseille 76|69382 Lyon 30|69383 Lyon 100|69384 Lyon 36|69388 Lyon 85|69389 Lyon 50
31555 Toulouse 500|06088 Nice 345|44109 Nantes 320|34172 Montpellier 300|67482 Strasbourg 290|33063 Bordeaux 260
35238 Rennes 222|51454 Reims 181|83137 Toulon 178|42218 Saint-Étienne 173|76351 Le Havre 166|38185 Grenoble 158
21231 Dijon 159|49007 Angers 155|30189 Nîmes 148|69266 Villeurbanne 155|93066 Saint-Denis 113|13001 Aix-en-Provence 147
72181 Le Mans 145|63113 Clermont-Ferrand 147|29019 Brest 140|37261 Tours 137|87085 Limoges 130|74010 Annecy 130
66136 Perpignan 119|92012 Boulogne-Billancourt 121|57463 Metz 120|25056 Besançon 119|45234 Orléans 117
93048 Montreuil 111|76540 Rouen 114|95018 Argenteuil 110|68224 Mulhouse 107|14118 Caen 106|54395 Nancy 104
92050 Nanterre 96|94028 Créteil 92|84007 Avignon 91|86194 Poitiers 89|92025 Colombes 86|78646 Versailles 83
50129 Cherbourg-Octeville 40|17300 La Rochelle 78|06004 Antibes 74|06029 Cannes 73|68066 Colmar 69|64445 Pau 76
64102 Bayonne 52|34032 Béziers 79|11262 Narbonne 56|11069 Carcassonne 46|81004 Albi 49|82121 Montauban 61
12202 Rodez 24|46042 Cahors 20|32013 Auch 22|65440 Tarbes 43|40192 Mont-de-Marsan 30|40088 Dax 21|47001 Agen 33
24322 Périgueux 30|19272 Tulle 15|19031 Brive-la-Gaillarde 47|23096 Guéret 13|16015 Angoulême 42|79191 Niort 59
85191 La Roche-sur-Yon 55|36044 Châteauroux 43|18033 Bourges 64|41018 Blois 46|28085 Chartres 38|58194 Nevers 33
03190 Moulins 20|03185 Montluçon 34|03310 Vichy 25|89024 Auxerre 35|89387 Sens 26|71270 Mâcon 34
71076 Chalon-sur-Saône 45|39300 Lons-le-Saunier 17|39198 Dole 24|70550 Vesoul 15|90010 Belfort 46|25388 Montbéliard 26
88160 Épinal 32|88413 Saint-Dié-des-Vosges 20|55029 Bar-le-Duc 15|55545 Verdun 17|52121 Chaumont 22
52448 Saint-Dizier 24|10387 Troyes 62|51108 Châlons-en-Champagne 44|51230 Épernay 22|08105 Charleville-Mézières 47
08409 Sedan 16|76217 Dieppe 29|27229 Évreux 48|14366 Lisieux 20|61001 Alençon 26|50502 Saint-Lô 19|50025 Avranches 10
35288 Saint-Malo 47|22278 Saint-Brieuc 44|29232 Quimper 63|29151 Morlaix 15|56121 Lorient 57|56260 Vannes 54
44184 Saint-Nazaire 72|49099 Cholet 54|53130 Laval 49|26362 Valence 64|07186 Privas 8|07010 Annonay 16
26198 Montélimar 39|05061 Gap 40|04070 Digne-les-Bains 16|04112 Manosque 22|73065 Chambéry 59|73008 Aix-les-Bains 30
74012 Annemasse 36|74281 Thonon-les-Bains 35|01053 Bourg-en-Bresse 41|01283 Oyonnax 22|42187 Roanne 35
43157 Le Puy-en-Velay 19|15014 Aurillac 26|48095 Mende 12|30007 Alès 41|13004 Arles 51|84031 Carpentras 29
84087 Orange 29|83050 Draguignan 39|83061 Fréjus 54|06069 Grasse 49|34301 Sète 44|09122 Foix 10|09225 Pamiers 16
31483 Saint-Gaudens 11|77288 Melun 41|77284 Meaux 55|78586 Sartrouville 52|78551 Saint-Germain-en-Laye 44
78361 Mantes-la-Jolie 44|78498 Poissy 38|91228 Évry 53|91174 Corbeil-Essonnes 51|91377 Massy 50|92062 Puteaux 44
92044 Levallois-Perret 66|92051 Neuilly-sur-Seine 60|92024 Clichy 62|93008 Bobigny 54|93005 Aulnay-sous-Bois 86
93051 Noisy-le-Grand 68|93029 Drancy 71|94041 Ivry-sur-Seine 62|94080 Vincennes 49|94017 Champigny-sur-Marne 77
94068 Saint-Maur-des-Fossés 75|95500 Pontoise 31|95127 Cergy 66|95585 Sarcelles 58|2A004 Ajaccio 71|2B033 Bastia 48
2A247 Porto-Vecchio 12|2B096 Corte 7|2A272 Sartène 3|97105 Basse-Terre 10|97120 Pointe-à-Pitre 16|97101 Les Abymes 53
97209 Fort-de-France 76|97302 Cayenne 62|97311 Saint-Laurent-du-Maroni 46|97411 Saint-Denis 153|97416 Saint-Pierre 84
97415 Saint-Paul 104|97611 Mamoudzou 71|98735 Papeete 27|98818 Nouméa 94
"""
# Country: INSEE code, name, nationality (ISO 3166-1 alpha-3), origin (see origins.py), weight.
_ABROAD = """
99352 Algérie DZA maghreb 130|99350 Maroc MAR maghreb 110|99351 Tunisie TUN maghreb 40
99139 Portugal PRT portugal 70|99127 Italie ITA italy 50|99134 Espagne ESP spain 35|99208 Turquie TUR turkey 35
99122 Pologne POL poland 55|99131 Belgique BEL belgium 80|99132 Royaume-Uni GBR britain 25
99109 Allemagne DEU germany 30|99114 Roumanie ROU romania 20|99123 Russie RUS russia 12
99155 Ukraine UKR ukraine 15|99121 Serbie SRB serbia 14|99125 Albanie ALB albania 9|99255 Géorgie GEO georgia 8
99252 Arménie ARM armenia 10|99126 Grèce GRC greece 5|99341 Sénégal SEN west_africa 18
99335 Mali MLI west_africa 14|99330 Guinée GIN west_africa 16|99326 Côte d'Ivoire CIV west_africa 18
99322 Cameroun CMR central_africa 16|99324 Congo COG central_africa 14
99312 République démocratique du Congo COD central_africa 16|99333 Madagascar MDG madagascar 14
99397 Comores COM comoros 9|99243 Viêt Nam VNM vietnam 14|99234 Cambodge KHM cambodia 8|99216 Chine CHN china 14
99235 Sri Lanka LKA tamil 8|99223 Inde IND tamil 7|99213 Pakistan PAK south_asia 7
99246 Bangladesh BGD south_asia 6|99212 Afghanistan AFG levant 10|99206 Syrie SYR levant 10
99205 Liban LBN levant 8|99203 Irak IRQ levant 7|99301 Égypte EGY levant 6|99410 Haïti HTI haiti 10
99416 Brésil BRA portugal 9|99396 Cap-Vert CPV portugal 6|99395 Angola AGO portugal 4|99419 Colombie COL spain 6
99135 Pays-Bas NLD belgium 8|99140 Suisse CHE france 6|99404 États-Unis USA britain 5
"""
STREETS = tuple(
    """rue de la République|rue Jean-Jaurès|rue Victor-Hugo|rue Pasteur|rue Gambetta|rue de l'Église|rue des Écoles
rue du Général-de-Gaulle|avenue de la Gare|rue Émile-Zola|rue du Moulin|rue de Lille|rue d'Arras|rue Faidherbe
boulevard Carnot|rue Roger-Salengro|rue de la Paix|allée des Tilleuls|rue des Lilas|rue des Acacias|résidence du Parc
rue Anatole-France|rue Jules-Ferry|rue Léon-Blum|place de la Mairie|place du Beffroi|rue des Remparts|rue du Calvaire
rue de Verdun|rue du 8-Mai-1945|rue du 11-Novembre|rue de Douai|chemin des Prés|rue de la Fontaine|rue des Jardins
rue Louise-Michel|rue Marie-Curie|rue Sadi-Carnot|impasse des Rouges-Barres|rue des Mineurs|cité des Coquelicots
rue de la Fosse-3|rue Henri-Barbusse|rue Pierre-Curie|rue Voltaire|rue des Fusillés|avenue du Maréchal-Leclerc
rue de Valenciennes|quai de la Scarpe|rue du Faubourg|rue Saint-Nicolas|rue Sainte-Barbe|rue du Bois|square des Mésanges
rue Arthur-Lamendin|rue Édouard-Vaillant|rue des Tisserands|rue du Tissage|rue de la Filature|rue du Port""".replace(
        "\n", "|"
    ).split("|")
)


def _rows(text: str) -> list[list[str]]:
    return [row.split() for row in text.strip().replace("\n", "|").split("|")]


def _towns() -> tuple[Town, ...]:
    return tuple(Town(r[0], " ".join(r[1:-3]), r[-3], int(r[-2]), r[-1] == "m") for r in _rows(_REGION))


@dataclass(frozen=True, slots=True)
class Birthplace:
    """Where somebody may be born. `origin`: whose names are given there. `nationality`: empty for French births."""

    place: BirthPlace
    origin: str
    nationality: str
    share: float


TOWNS = _towns()
TOWN_SHARES = tuple(accumulate(t.weight / sum(t.weight for t in TOWNS) for t in TOWNS))
# Of all residents: born in the region, elsewhere in France, abroad.
SHARE_REGION, SHARE_ELSEWHERE, SHARE_ABROAD = 0.76, 0.145, 0.095
OVERSEAS = ("97", "98")


def _birthplaces() -> tuple[Birthplace, ...]:
    near = [(BirthPlace(t.cog, t.name, "FRA"), "france", "", t.weight, SHARE_REGION) for t in TOWNS if t.maternity]
    far = [
        (BirthPlace(r[0], " ".join(r[1:-1]), "FRA"), _origin(r[0]), "", int(r[-1]), SHARE_ELSEWHERE)
        for r in _rows(_ELSEWHERE)
    ]
    abroad = [
        (BirthPlace(r[0], "", r[-3]), r[-2], r[-3] if r[-2] != "france" else "", int(r[-1]), SHARE_ABROAD)
        for r in _rows(_ABROAD)
    ]
    found = []
    for group in (near, far, abroad):
        total = sum(row[3] for row in group)
        found += [Birthplace(place, origin, nation, w * part / total) for place, origin, nation, w, part in group]
    return tuple(found)


def _origin(cog: str) -> str:
    if cog.startswith(("2A", "2B")):
        return "corsica"
    if cog.startswith(OVERSEAS):
        return "comoros" if cog.startswith("976") else "overseas"
    return "france"


BIRTHPLACES = _birthplaces()
UNKNOWN_PLACE = BirthPlace(cog="99999")
