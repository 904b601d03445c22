"""Marks in members' text: where statements begin and end, who they are about, and what reads like an order."""

import re

NOT_OWN = re.compile(r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`|^\s*>.*$|[\"“„«][^\"”“»\n]*[\"”“»]", re.MULTILINE)
"""Code, quoted lines and quoted speech: somebody else's words."""
SENTENCE = re.compile(r"(?<=[!?…])\s+|(?<=[^\d\s]\.)\s+|\n+|;\s*")
_FIRST = r"(?:i|i'm|i've|my|ich|meine?|je|j'|mon|ma|yo|mi|me|vivo|trabajo|hablo|odio|tengo|soy)(?:\b|(?<='))"
CLAUSE = re.compile(
    rf"(?:,\s*(?:(?:and|but|und|aber|et|mais|y|pero)\s+)?|\s+(?:and|but|und|aber|et|mais|y|pero)\s+)(?={_FIRST})",
    re.IGNORECASE,
)
MAYBE = re.compile(
    rf"\b{_FIRST}|\b(?:cumplo|nací|crecí|vengo|detesto|juego|toco|practico|call|remember|note|mind|forget|nenn|nennt|merke?"
    r"|denk|vergiss|appelle[sz]?|rappelle|souviens|retiens|oublie|ll[aá]m[ae]me|recuerda|acuérdate|olvides|apunta)\b",
    re.IGNORECASE,
)
"""What a statement about oneself cannot do without: cheap to look for in every message."""
OPENING = re.compile(
    r"(?:(?:hi|hello|hey|hallo|servus|moin|salut|bonjour|hola|well|so|oh|ok|okay|btw|by the way|also|actually|yes"
    r"|yeah|no(?=,)"
    r"|nope|nein|ja|doch|oui|non|sí|si|and|und|et|y|übrigens|au fait|por cierto|fyi|just so you know)\b[\s,!:.-]*)+",
    re.IGNORECASE,
)
THIRD = re.compile(
    r"\b(?:(?:my|our|his|her|their|your) \w+|he|she|they|him|them|his|her|their|you|your|we|us"
    r"|(?:mein|meine|meinem|meinen|meiner|unser|unsere|dein|deine|sein|seine|ihr|ihre)\b(?: \w+)?|er|dich|dir|ihm"
    r"|ihn|wir|uns"
    r"|(?:mon|ma|mes|notre|nos|ton|ta|tes|son|sa|ses|leur|leurs) \w+|il|elle|ils|elles|lui|leur|toi|te|vous|nous"
    r"|(?:mi|mis|nuestro|nuestra|tu|tus|su|sus) \w+|él|ella|ellos|ellas|ti|usted|nosotros)\b|<[@#]|@\w",
    re.IGNORECASE,
)
EMPTY = re.compile(
    r"(?:it|that|this|these|those|what|how|when|the (?:way|idea|fact)|das|dies\w*|es|wie|was|cela|ça|ce|cette"
    r"|comment|eso|esto|lo|cómo|not|nicht|pas|to be|too|so)\b",
    re.IGNORECASE,
)
RELATIONS = re.compile(
    r"\b(?:sister|brother|mother|father|mom|mum|dad|wife|husband|girlfriend|boyfriend|partner|son|daughter|kids?"
    r"|child(?:ren)?|parents?"
    r"|friends?|boss|colleagues?|neighbou?rs?|roommate|schwester|bruder|mutter|vater|frau|mann|freund(?:in)?|sohn"
    r"|tochter|kind(?:er)?|eltern"
    r"|chef(?:in)?|kolleg(?:e|in)|nachbar(?:in)?|sœur|soeur|frère|mère|père|femme|mari|copine|copain|fils|fille"
    r"|enfants?|amie?s?|patron|collègue"
    r"|voisine?|hermana|hermano|madre|padre|esposa|marido|novia|novio|hij[oa]s?|amig[oa]s?|jef[ea]|vecin[oa])\b",
    re.IGNORECASE,
)
ORDER = re.compile(
    r"\b(?:ignore|disregard|override|obey|pretend|jailbreak|system prompt|prompt|instructions?|developer mode"
    r"|you (?:must|should|are|will|have to|can|may)"
    r"|admin\w*|moderator|owner|root|permissions?|always|never|assistant|from now on|ignorier\w*|anweisung\w*"
    r"|du (?:musst|sollst|bist|darfst)|gehorche?"
    r"|ab jetzt|immer|niemals|ignore[sz]?|consignes?|tu (?:dois|es|peux)|désormais|toujours|jamais|ignora"
    r"|instrucci\w+|debes|eres|siempre|nunca"
    r"|ban|kick|delete|grant)\b|[{}\[\]`#|<>]|https?:",
    re.IGNORECASE,
)
PEOPLE = re.compile(
    r"<[@#]|@\w"
    r"|\b(?:he|she|they|him|them|his|her|their|er|sie|ihm|ihn|il|elle|ils|elles|lui|él|ella|ellos|ellas)\b",
    re.IGNORECASE,
)
OWN = re.compile(
    r"\b(?:i|i'm|i've|my|me|mine|ich|mein\w*|mir|mich|je|j'\w+|mon|ma|mes|moi|yo|mi|mis|me)\b", re.IGNORECASE
)
