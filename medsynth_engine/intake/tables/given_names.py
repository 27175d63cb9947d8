"""Common given names of several languages, for telling people from terms. Names that are everyday or medical words
(Grace, May, Mark, Rose, Iris, Ray, Sky) are left out on purpose; where only a name tells, a column's shape must help.
"""

from __future__ import annotations

from medsynth_engine.intake.tables.words import listed

GIVEN_NAMES = listed(
    """
    aaron abdul abigail adam adrian agnes ahmed aisha alan albert alejandra alejandro alexander alexandra alice alicia
    alison amanda amelia amy ana andrea andreas andrew angela angelica anita anna anne annette anthony antonio arthur
    ashley astrid audrey ayse barbara beatrice beatriz benjamin bernard bernd bertha beth bettina beverly birgit bob
    bobby bradley brandon brenda brian brigitte brittany bruce bryan camille carl carla carlos carmen carol caroline
    catherine cecilia charles charlotte cheryl chloe christa christian christina christine christopher cindy claire
    clara claudia claus colin connie craig cynthia daniel daniela danielle david deborah debra denise dennis
    derek diana diane dieter dimitri dmitri dolores donald donna doris dorothy douglas edith eduardo edward eileen
    elaine eleanor elena elisabeth elizabeth ella ellen elsa emily emma emmanuel eric erica erika esther ethan eugene
    eva evelyn fatima felix fernando fiona florence frances francesca francesco francisco francois franz frieda
    friedrich gabriel gabriela gabriele gary george gerald gerard gerhard giovanni giulia giuseppe gloria gregory greta
    guillaume gunther hannah hans harold harry hassan heather heidi heinrich heinz helen helena helga henry herbert
    hermann hiroshi howard hubert hugo ian ibrahim igor ines ingrid irene irina isaac isabel isabella ivan jacob
    jacqueline jacques jake james jane janet janice jason javier jean jeffrey jennifer jeremy jerry jessica jesus
    jill joachim joan joanna joanne john johannes jonathan jorge jose josef joseph joshua joyce juan juanita judith
    judy julia julian julie juliette jurgen jürgen justin karen karin karl karla katarzyna kate katharina katherine
    kathleen kathryn katja keith kelly kenneth kenji kevin kimberly klaus krzysztof kyle larissa larry laura lauren
    laurence laurent lawrence leah lena leon leonard leslie lewis lillian linda lisa lois lori louis louise luca
    lucas lucia lucy luis luisa lukas lydia madison magdalena manfred manuel marco marcus margaret maria mariam marie
    marilyn mario marion markus marlene marta martha martin martina mary maryam matteo matthew matthias maurice
    maximilian megan mehmet melanie melissa michael michaela michel michelle miguel mohamed mohammad mohammed monica
    monika monique muhammad mustafa nadia nancy natalia natalie nathan nicholas nicolas nicole nikolai noah norbert
    norma oliver olga olivia omar oscar otto pablo pamela paola paolo patricia patrick paul paula paulo pedro peggy
    peter petra philip philippe phillip phyllis pierre priya rachel rafael raj rajesh ralf ralph ramon raymond rebecca
    regina reinhard renate rené ricardo richard robert roberta roberto rodrigo roger roland rolf ronald rosa rosemary
    rudolf russell ruth ryan sabine sally samantha samuel sandra sanjay sara sarah scott sean sebastian sergei sergio
    sharon sheila shirley silvia simon simone sofia sophia sophie stefan stefanie stephanie stephen steven stuart susan
    susanne suzanne svetlana sven sylvia takashi tamara tanja tatiana teresa theodore theresa therese thomas tiffany
    timothy tina tobias tracy tyler ulrich ursula uwe valentina valerie vanessa vera veronica veronika victoria
    vincent viola virginia vladimir walter wang wayne wendy werner wilhelm william wolfgang xavier yolanda yuki yusuf
    yvonne zachary zhang zoe
    """
)
