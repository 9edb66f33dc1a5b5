"""Names to combine.  Every combination is invented; the parts are common in their languages."""

import unicodedata
from collections.abc import Mapping

import attrs


@attrs.frozen
class Culture:
    """Given names (girls', boys') and family names that go together."""

    girls: tuple[str, ...]
    boys: tuple[str, ...]
    families: tuple[str, ...]


def _culture(girls: str, boys: str, families: str) -> Culture:
    return Culture(tuple(girls.split()), tuple(boys.split()), tuple(families.split(", ")))


CULTURES: tuple[Culture, ...] = (
    _culture(
        "Abigail Clara Daisy Edith Grace Hazel Ivy June Mabel Nora Pearl Ruth Tessa Willa",
        "Amos Calvin Dean Ezra Felix Graham Hugh Jasper Leo Miles Otis Reid Silas Wade",
        "Ashby, Birchwood, Carver, Dunmore, Ellery, Fairlamb, Garrick, Holloway, Langdon, Merrin",
    ),
    _culture(
        "Ana Beatriz Camila Daniela Elena Inés Lucía Marisol Noemí Paloma Rocío Ximena",
        "Álvaro Andrés Diego Emilio Gael Iker Joaquín Mateo Nicolás Rafael Tomás Íñigo",
        "Alarcón, Benítez, Castañeda, de la Fuente, Echeverría, Maya, Ibáñez-Soto, Peña, Quiroga",
    ),
    _culture(
        "Aisha Farida Hana Leila Maryam Noor Rania Salma Yasmin Zaynab",
        "Adil Bilal Faris Hamza Idris Karim Malik Nabil Omar Tariq",
        "al-Amin, Barakat, Darwish, El-Sayed, Haddad, Khalil, Mansour, Nasser, Rahmani, Zaman",
    ),
    _culture(
        "An Linh Mai Ngọc Thảo Trang Vân Yến",
        "Bảo Duy Hùng Khoa Long Minh Phúc Tuấn",
        "Bùi, Đặng, Hồ, Lê, Ngô, Nguyễn, Phạm, Trần, Vũ",
    ),
    _culture(
        "Aarohi Diya Ishani Kavya Meera Nandini Priya Riya Sana Tara",
        "Aarav Dev Ishaan Kabir Nikhil Rohan Sameer Vihaan Yash Zubin",
        "Bhatt, Chaudhary, Desai, Iyer, Kulkarni, Mehra, Nair, Patil, Rao, Sengupta",
    ),
    _culture(
        "Bo Jia Lan Mei Qing Shu Xiu Yan",
        "Feng Hao Jun Lei Ming Tao Wei Zhen",
        "Cao, Fang, Guo, He, Liang, Meng, Ouyang, Peng, Shen, Xu",
    ),
    _culture(
        "Agnieszka Bronisława Eva Halina Irena Jana Ludmila Marta Zofia Žofie",
        "Antoni Bohdan Dušan Jiří Kazimierz Lukáš Marek Ondřej Stanisław Václav",
        "Dvořák, Kowalczyk, Łukasik, Malý, Nowicki, Pavlenko, Růžička, Sokolov, Wójcik, Zelenka",
    ),
    _culture(
        "Adaeze Amara Chioma Esi Fatou Imani Makena Nia Thandiwe Zuri",
        "Ade Chidi Emeka Jabari Kofi Kwame Musa Sekou Tendai Uche",
        "Abara, Boateng, Diallo, Eze, Kamau, Mensah, N'Dour, Okafor, Sithole, Traoré",
    ),
    _culture(
        "Aoife Bríd Ciara Deirdre Fionnuala Gráinne Niamh Orla Róisín Sorcha",
        "Brendan Cathal Conor Declan Eoin Fergus Lorcan Oisín Ronan Seán",
        "Brennan, Doyle, Fitzmaurice, Mac Aoidh, McGrath, O'Brien, O'Dowd, Quinlan, Tierney",
    ),
    _culture(
        "Aiyana Halona Kaya Leilani Malia Nalani Sequoia Winona",
        "Ahanu Kai Keoni Koa Makoa Nakoma Takoda Waya",
        "Akana, Blackwater, Kahale, Littlecreek, Redcloud-Hayes, Whitefeather, Yellowhorse",
    ),
)


def ascii_word(name: str) -> str:
    """Return a name as it would stand in an e-mail address: ``o'Dowd`` is ``odowd``."""
    plain = name.translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalnum())


#: Letters that do not decompose into a plain one and a mark.
_LETTERS = str.maketrans({"Đ": "D", "đ": "d", "Ł": "L", "ł": "l"})

#: Every name above as an address word, worked out once.
ADDRESS_WORDS: Mapping[str, str] = {
    name: ascii_word(name)
    for culture in CULTURES
    for name in (*culture.girls, *culture.boys, *culture.families)
}

SCHOOL_NAMES: tuple[str, ...] = (
    "Alder Creek", "Bluff Point", "Cedar Hollow", "Dry Fork", "Eagle Bend", "Foxglove", "Gull Rock",
    "Heron Lake", "Ironwood", "Juniper Flat", "Kestrel Ridge", "Larkspur", "Mill Pond",
    "Nettle Hill", "Orchard Row", "Pine Barren", "Quarry Road", "River Birch", "Saltmarsh",
    "Thistle Down",
)  # fmt: skip

SUBJECTS: tuple[tuple[str, str], ...] = (
    ("Homeroom", "22104"),
    ("English", "01001"),
    ("Mathematics", "02001"),
    ("Science", "03001"),
    ("Social Studies", "04001"),
    ("Art", "05154"),
)
