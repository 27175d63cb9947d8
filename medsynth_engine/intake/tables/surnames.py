"""Common surnames, and endings that only surnames have, of several languages. Those that are everyday words, colours,
or names of diseases and tests (White, Klein, Costa, Wolf, Hashimoto, Roux) are left out on purpose: a list finds some.
"""

from __future__ import annotations

import re

from medsynth_engine.intake.tables.folding import folded
from medsynth_engine.intake.tables.words import listed

SURNAMES = listed(
    """
    abbott abdullah adebayo adeyemi aguilar ahmad akhtar almeida alvarez andersen anderson andersson antonov
    armstrong arslan bakker barbosa barnes bauer becerra bender bennett bergmann bhatt bianchi bjork bogdan bondar
    bosch bouchard boyd brooks brugger bryant burgess burton caballero campbell cardoso carlsson carpenter carvalho
    castillo castro celik chatterjee chavez chen cheng chopra chowdhury christensen clarke coleman collins colombo
    contreras cortez cruz cunningham dasgupta davies davis dawson delgado demir deshpande diaz dietrich dimitrov doe
    dominguez donovan dubois dupont durand eriksson escobar espinoza esposito farrell fernandes ferrari ferreira
    ferrero fitzgerald flores fournier friedman fuchs fujimoto gallagher garcia garnier gauthier gibson gomes
    gonzales gonzalez grigoriev gupta gustafsson guzman haas hansen hansson harris harrison hartmann hayashi
    hernandez herrera herrmann hoffman hoffmann holmberg horvath huang huber hughes hussain huynh ibarra inoue
    ivanov ivanova iyer jackson jankowska jansen jansson jensen jimenez johansson johnson johnston jorgensen joshi
    kaiser kapoor karlsson kaur kaya kennedy khan kobayashi kovac kovacs kowalczyk kowalski kowalska kozlov krause
    krueger kruger kuznetsov lambert larsen larsson laurent lefebvre lehmann leroy lindberg lindqvist lombardi lopes
    lopez lozano maier makinen maldonado marino martinez martins mathieu matsumoto mccarthy mcdonald mehta meijer
    mendes mendoza mercier meyer michaud mikkelsen miller mishra mitchell miyamoto montoya morales moreau moreno
    moretti morin morrison mueller muller munoz murphy murray nakamura navarro nelson neumann nguyen nielsen
    nikolaev nilsson nowak obrien oconnor ogawa okafor okeke okonkwo oliveira olsen olsson oneill ortega ortiz owens
    ozturk pacheco papadopoulos patel patil pavlov pedersen pereira perez petersen peterson petrov petrova pfeiffer
    pham phillips popov popescu powell ramirez ramos rasmussen reddy reyes reynolds ribeiro ricci rivera roberts
    robinson rodrigues rodriguez rogers rojas romano rossi ruiz saito salazar sanchez sanders sandoval santos sato
    schaefer schafer schmid schmidt schmitt schneider scholz schreiber schroder schroeder schubert schulte schultz
    schulz schulze schumacher schuster schwartz shah sharma shevchenko sidorov silva simmons simpson singh smirnov
    smith sokolov sorensen souza stewart sullivan suarez suzuki svensson swoboda szabo takahashi tanaka tavares
    taylor thompson torres tran tremblay turner vargas vasquez vazquez venkatesan verma villanueva vogel volkov
    wagner wallace wang washington watanabe watson wilkinson williams williamson winkler wisniewski wojcik wozniak
    yamada yamamoto yilmaz zhao zhou zimmermann
    """
)
_ENDING = re.compile(
    r"\w{2,}(czyk|owski|owska|ewski|ewska|inski|inska|wicz|enko|opoulos|opoulou|oglu|shvili|dottir|sdotter|escu|ovic|evic"
    r"|quist|qvist|strom|(?<=[klnr])sson)|mac[dgkl]\w{4,}|mc[a-z]\w{3,}|o['’][a-z]\w{3,}"
)


def is_surname(word: str) -> bool:
    """`Kowalczyk`, `O'Brien`: one word that begins with a capital, and is in the list or ends as only surnames do."""
    if not word[:1].isupper():
        return False
    spelled = folded(word)
    return (
        spelled in SURNAMES or spelled.replace("'", "").replace("’", "") in SURNAMES or bool(_ENDING.fullmatch(spelled))
    )
