"""What members said, and questions about it in four languages that use other words; answers are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bot.chat.recall.extract import Told, extract

CITIES = ("Lisbon", "Graz", "Lyon", "Sevilla", "Kraków", "Osaka", "Bergen", "Montréal", "Valparaíso", "Dresden")
JOBS = ("carpenter", "midwife", "tram driver", "Bäckerin", "Apotheker", "vétérinaire", "bibliothécaire", "fontanero")
DAYS = ("3 May", "17 October", "29 February", "8 December", "21 June", "11 November", "2 January")
NAMES = ("Rex", "Minou", "Toby", "Schnurri", "Pepper", "Waldo", "Luna", "Kiwi", "Ramses")
COLOURS = ("teal", "ochre", "violet", "bordeaux", "türkis", "moutarde", "lila")

# statement with {x} and its values; then a question in English, German, French and Spanish
CONCEPTS: tuple[tuple[str, Sequence[str], tuple[str, str, str, str]], ...] = (
    (
        "I live in {x}",
        CITIES,
        (
            "Which city am I at home in?",
            "In welcher Stadt bin ich daheim?",
            "Dans quelle ville se trouve mon appartement ?",
            "¿En qué localidad está mi piso?",
        ),
    ),
    (
        "I come from {x}",
        CITIES,
        (
            "Where did I spend my childhood?",
            "Wo liegen meine Wurzeln?",
            "D'où suis-je originaire ?",
            "¿De dónde es mi familia?",
        ),
    ),
    (
        "ich arbeite als {x}",
        JOBS,
        ("How do I earn my money?", "Womit verdiene ich mein Geld?", "Quel est mon métier ?", "¿A qué me dedico?"),
    ),
    (
        "my birthday is on {x}",
        DAYS,
        (
            "On which day should you congratulate me?",
            "Wann werde ich ein Jahr älter?",
            "Quel jour est ma fête d'anniversaire ?",
            "¿Qué día me tienes que felicitar?",
        ),
    ),
    (
        "my dog is called {x}",
        NAMES,
        (
            "Who do I take for a walk every evening?",
            "Wen führe ich abends Gassi?",
            "Comment s'appelle l'animal que je promène ?",
            "¿A quién saco a pasear con la correa?",
        ),
    ),
    (
        "my favourite colour is {x}",
        COLOURS,
        (
            "In which shade should I paint my room?",
            "Welchen Farbton finde ich am schönsten?",
            "Quelle teinte est-ce que je préfère ?",
            "¿Qué tono me parece más bonito?",
        ),
    ),
    (
        "I play the {x}",
        ("cello", "trombone", "accordion", "harp"),
        (
            "Which instrument do I practise?",
            "Welches Musikinstrument übe ich?",
            "De quel instrument suis-je musicien ?",
            "¿Qué instrumento musical sé tocar?",
        ),
    ),
    (
        "I speak {x}",
        ("Polish", "Catalan", "Finnish", "Swahili"),
        (
            "In which foreign tongue can I talk?",
            "Welche Fremdsprache beherrsche ich?",
            "Quelle langue étrangère est-ce que je maîtrise ?",
            "¿En qué idioma extranjero me defiendo?",
        ),
    ),
    (
        "I hate {x}",
        ("cilantro", "liquorice", "olives", "oysters"),
        (
            "What must not be in my meal?",
            "Welches Lebensmittel ekelt mich?",
            "Qu'est-ce que je refuse de manger ?",
            "¿Qué alimento me da asco?",
        ),
    ),
    (
        "I love {x}",
        ("thriller novels", "crime novels", "detective stories"),
        (
            "What kind of book would please me as a gift?",
            "Welche Lektüre würde mir als Geschenk gefallen?",
            "Quel livre m'offrir ?",
            "¿Qué lectura me regalarías?",
        ),
    ),
    (
        "remember that I park my bike at the {x}",
        ("north gate", "old harbour", "town hall"),
        (
            "Where is my bicycle standing?",
            "Wo steht mein Fahrrad?",
            "Où est garé mon vélo ?",
            "¿Dónde dejé la bicicleta?",
        ),
    ),
    (
        "remember that I take my pills at {x}",
        ("seven", "noon", "bedtime"),
        (
            "When is it time for my medicine?",
            "Um wie viel Uhr muss ich meine Medikamente nehmen?",
            "À quelle heure est mon médicament ?",
            "¿A qué hora me toca la medicación?",
        ),
    ),
    (
        "remember that my train leaves from platform {x}",
        ("4", "9", "12"),
        (
            "From which track do I depart?",
            "Auf welchem Gleis fahre ich ab?",
            "De quelle voie part mon TGV ?",
            "¿De qué andén sale mi tren?",
        ),
    ),
    (
        "merk dir, dass ich {x} esse",
        ("vegetarisch", "kein Fleisch", "nur vegan"),
        (
            "Do I eat meat?",
            "Welche Ernährungsweise habe ich?",
            "Est-ce que je mange de la viande ?",
            "¿Como carne o no?",
        ),
    ),
    (
        "recuerda que yo aprendo a {x}",
        ("bucear", "navegar a vela", "montar a caballo"),
        (
            "Which skill am I taking lessons in?",
            "Was lerne ich gerade Neues?",
            "Qu'est-ce que j'apprends à faire ?",
            "¿En qué estoy tomando clases?",
        ),
    ),
    (
        "j'aime {x}",
        ("la randonnée en montagne", "les longues marches en forêt"),
        (
            "What do I enjoy doing outdoors?",
            "Was unternehme ich gern in der Natur?",
            "Que fais-je volontiers en plein air ?",
            "¿Qué me agrada hacer en la naturaleza?",
        ),
    ),
    (
        "me gusta {x}",
        ("el ajedrez", "jugar a las damas"),
        (
            "Which board game could we play together?",
            "Welches Brettspiel könnten wir zusammen spielen?",
            "À quel jeu de plateau jouer avec moi ?",
            "¿A qué juego de mesa jugamos?",
        ),
    ),
    (
        "ich mag {x}",
        ("Opern von Verdi", "klassische Konzerte"),
        (
            "What music should I get tickets for?",
            "Für welche Musik soll ich Karten kaufen?",
            "Pour quel spectacle musical acheter des billets ?",
            "¿Para qué música compro entradas?",
        ),
    ),
    (
        "I love {x}",
        ("espresso", "strong black coffee"),
        (
            "What do I drink to wake up?",
            "Welches Heißgetränk macht mich munter?",
            "Que bois-je le matin pour me réveiller ?",
            "¿Qué bebo para despertarme?",
        ),
    ),
)
THINGS = (
    "stamps, vinyl records, kites, cacti, model trains, origami, mosaics, puppets, fireworks, aquariums, bonsai,"
    "candles,"
    "fountain pens, comics, postcards, marbles, sundials, telescopes, fossils, minerals, roller coasters, lighthouses,"
    "windmills, castles, bridges, tunnels, markets, museums, circuses, zoos, planetariums, libraries, ferries, trams,"
    "balloons, gliders, submarines, tractors, scooters, skateboards, canoes, igloos, tents, hammocks, saunas, springs,"
    "glaciers, deserts, swamps, caves, cliffs, dunes, volcanoes, waterfalls, orchids, tulips, ferns, mushrooms,"
    "beetles,"
    "butterflies, dragonflies, owls, penguins, otters, badgers, hedgehogs, squirrels, llamas, camels, dolphins, whales,"
    "jellyfish, corals, pumpkins, radishes, beetroot, asparagus, lentils, chickpeas, noodles, dumplings, pancakes,"
    "waffles, pretzels, marzipan, nougat, sorbet, cheesecake, gingerbread, porridge, sushi, goulash, paella, fondue,"
    "ballet, tango, flamenco, jazz, techno, folk songs, yodelling, brass bands, silent films, westerns, musicals"
)
WAYS = (
    "I like {x}", "I hate {x}", "ich mag {x}", "ich hasse {x}", "j'aime {x}", "me gustan {x}",
    "remember that I read about {x} on Sundays", "remember that I sell {x} on the market", "my hobby is {x}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A question and the fact that answers it."""

    owner: int
    fact: int
    question: str
    language: str


@dataclass(frozen=True, slots=True)
class Member:
    """What one member has told; `asked`: place of a fact and its questions."""

    facts: tuple[Told, ...]
    asked: tuple[tuple[int, tuple[str, str, str, str]], ...]


def member(number: int, size: int) -> Member:
    """A member with about `size` facts, the same every time. What is said goes through the product's own patterns."""
    random = Random(number)
    facts: list[Told] = []
    asked = []
    for statement, values, questions in CONCEPTS:
        if values:
            asked.append((len(facts), questions))
            facts.append(told(statement.replace("{x}", random.choice(values))))
    fillers = [(way, one.strip()) for way in WAYS for one in THINGS.split(",")]
    for way, thing in random.sample(fillers, max(0, min(size - len(facts), len(fillers)))):
        facts.append(told(way.replace("{x}", thing)))
    return Member(tuple(facts), tuple(asked))


def told(statement: str) -> Told:
    """The fact in a statement; a statement without one is a fault of this file."""
    found = [one for one in extract(statement) if not one.denied]
    if len(found) != 1:
        raise ValueError(f"{statement!r} says {len(found)} things")
    return found[0]


def cases(members: Sequence[Member], most: int) -> list[Case]:
    """Questions spread over members, concepts and languages."""
    every = [
        Case(owner, fact, questions[at], language)
        for owner, one in enumerate(members)
        for fact, questions in one.asked
        for at, language in enumerate(("en", "de", "fr", "es"))
    ]
    return Random(7).sample(every, min(most, len(every)))
