"""
Given names that are often used for one another, English and Spanish.

Pairs are direct: Liz and Beth both go with Elizabeth, not with each other.  Closing such a table
transitively would make most of it one name.
"""

#: The formal name, then its everyday forms; only formal and everyday form make a pair.
_TABLE = """
abigail: abby abbie gail
abraham: abe
adelaide: addie
albert: al bert
alejandra: ale sandra
alejandro: alex ale
alexander: alex xander sasha
alexandra: alex lexi sandra sasha
alfonso: poncho
alfred: al fred
amanda: mandy
andrea: andi
andrew: andy drew
angela: angie
anthony: tony
antonia: toni
antonio: tony tono
arthur: art
barbara: barb
beatriz: bea betty
benjamin: ben benny
bernard: bernie
bradley: brad
calvin: cal
cameron: cam
carlos: charlie
catherine: cathy kate katie cat
charles: charlie chuck chas
charlotte: charlie lottie
christina: chris tina christy
christine: chris tina christy
christopher: chris topher kit
clifford: cliff
concepcion: concha conchita
consuelo: chelo
cynthia: cindy
daniel: dan danny
daniela: dani
deborah: deb debbie
dolores: lola
dominic: dom nick
donald: don donnie
dorothy: dot dottie
douglas: doug
eduardo: lalo edu eddie
edward: ed eddie ted ned
eleanor: ellie nora
elena: nena
elizabeth: liz lizzie beth betty eliza libby
emily: em emmy
enrique: quique kike
ernesto: neto
eugene: gene
evelyn: evie
fernando: nando fer
frances: fran frankie
francis: frank
francisca: paca
francisco: paco pancho frank cisco
franklin: frank
frederick: fred freddie
gabriel: gabe gabi
gabriela: gabi gaby
gerald: gerry jerry
gerardo: gera
gilberto: beto
graciela: chela
gregory: greg
guadalupe: lupe lupita
guillermo: memo
harold: hal harry
henry: hank harry
humberto: beto
ignacio: nacho
isabel: isa chabela
isabella: bella izzy
isabelle: bella izzy
jacob: jake
jacqueline: jackie
james: jim jimmy jamie
jeffrey: jeff
jennifer: jen jenny
jeremiah: jerry
jessica: jess jessie
jesus: chuy
joaquin: quino
jonathan: jon jonny
jose: pepe chepe
josefina: pepa fina
joseph: joe joey
josephine: jo josie
joshua: josh
juan: juanito
judith: judy
julian: jules
katherine: kathy kate katie kat
kathleen: kathy kate katie
kathryn: kathy kate katie
kenneth: ken kenny
kimberly: kim
lawrence: larry
leonard: leo len lenny
leonardo: leo
leticia: lety
lillian: lily
lourdes: lulu
luis: lucho
madeline: maddie
madison: maddie
manuel: manny manolo
margaret: maggie meg peggy greta marge
maria: mari
maria guadalupe: lupe
maria jose: majo
mariana: mari
marjorie: marge
martha: marty
matthew: matt
maximilian: max
mercedes: meche
michael: mike mikey mick
michelle: shelly
mildred: millie
miguel: mike
mitchell: mitch
nancy: nan
natalie: nat
nathan: nate
nathaniel: nate nathan nat
nicholas: nick nicky
nicole: nicky nikki
olivia: liv livvy
pamela: pam
patricia: pat patty tricia trish
patrick: pat paddy
pedro: perico
peter: pete
philip: phil
phillip: phil
rachel: rach
rafael: rafa
ramon: moncho
randall: randy
raymond: ray
rebecca: becky becca
refugio: cuca cuco
reginald: reggie
ricardo: rick ricky
richard: rick dick rich richie
robert: bob rob bobby robbie bert
roberto: beto rob
ronald: ron ronnie
rosario: charo
rosa: rosita
russell: russ
salvador: chava
samantha: sam sammy
samuel: sam sammy
sandra: sandy
santiago: santi diego
sebastian: seb bastian
sergio: checo
sofia: sofi
sophia: sophie
stanley: stan
stephanie: steph
stephen: steve
steven: steve
susan: sue susie
teresa: tere terry
theodore: ted theo teddy
theresa: terry tess
thomas: tom tommy
timothy: tim timmy
valentina: vale
valeria: vale
veronica: vero ronnie
vicente: chente
victor: vic
victoria: vicky tori
vincent: vince vinny
virginia: ginny
walter: walt
wendell: wen
william: bill will billy willie liam
zachary: zach zack
"""


def _pairs() -> frozenset[tuple[str, str]]:
    found = set()
    for line in _TABLE.strip().splitlines():
        formal, _, everyday = line.partition(":")
        for short in everyday.split():
            found |= {(formal, short), (short, formal)}
    return frozenset(found)


_PAIRS = _pairs()


def are_nicknames(a: str, b: str) -> bool:
    """
    Return whether one folded given name is a usual form of the other.

    >>> are_nicknames("elizabeth", "liz"), are_nicknames("liz", "beth")
    (True, False)
    """
    return (a, b) in _PAIRS
