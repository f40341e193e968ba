"""Brand names of antidepressants, so that a brand and its substance are not taken for two drugs.

Not a dictionary of drugs: the names that people write most. Each pair stands in one of these:

- US Food and Drug Administration, list of antidepressant drugs with medication guides (2009),
  https://webarchive.library.unt.edu/eot2008/20090117045022/http://www.fda.gov/cder/drug/antidepressants/default.htm
- "Commonly prescribed antidepressants in primary care", table 1, J Am Board Fam Med, https://www.jabfm.org (8750)
- European Medicines Agency, https://www.ema.europa.eu/en/medicines/human/EPAR/thymanax, and of the same for Valdoxan
- https://www.emedexpert.com/lists/antidepressants.shtml, after Stahl, Essential Psychopharmacology (its Pexeva under
  fluoxetine is an error: the FDA has paroxetine)
- German names after the Rote Liste 2007, http://tugenden-gegen-depressionen.de/depressionen/antidepressiva/medikamente,
  and https://deprimed.de/atypische-antidepressiva/; British ones, http://www.recovery-road.org/overview/

Substances as the WHO ATC/DDD index names them (N06A), but selegiline, which it has under N04B.
"""

SUBSTANCES: dict[str, tuple[str, ...]] = {
    "agomelatine": ("Valdoxan", "Thymanax"),
    "amitriptyline": ("Elavil", "Endep", "Saroten", "Tryptizol"),
    "amoxapine": ("Asendin",),
    "bupropion": ("Wellbutrin", "Elontril", "Zyban"),
    "citalopram": ("Celexa", "Cipramil"),
    "clomipramine": ("Anafranil",),
    "desipramine": ("Norpramin", "Pertofrane", "Pertofran", "Petylyl"),
    "desvenlafaxine": ("Pristiq",),
    "dosulepin": ("Prothiaden",),
    "doxepin": ("Sinequan", "Aponal", "Adapin"),
    "duloxetine": ("Cymbalta", "Yentreve"),
    "escitalopram": ("Lexapro", "Cipralex"),
    "esketamine": ("Spravato",),
    "fluoxetine": ("Prozac", "Sarafem", "Fluctin"),
    "fluvoxamine": ("Luvox", "Fevarin"),
    "imipramine": ("Tofranil",),
    "isocarboxazid": ("Marplan",),
    "levomilnacipran": ("Fetzima",),
    "lofepramine": ("Gamanil",),
    "maprotiline": ("Ludiomil",),
    "mianserin": ("Tolvin",),
    "milnacipran": ("Savella",),
    "mirtazapine": ("Remeron", "Zispin", "Remergil"),
    "moclobemide": ("Manerix", "Aurorix"),
    "nefazodone": ("Serzone",),
    "nortriptyline": ("Pamelor", "Aventyl", "Allegron", "Nortrilen"),
    "paroxetine": ("Paxil", "Seroxat", "Pexeva"),
    "phenelzine": ("Nardil",),
    "protriptyline": ("Vivactil",),
    "reboxetine": ("Edronax", "Solvex"),
    "selegiline": ("Emsam",),
    "sertraline": ("Zoloft", "Lustral"),
    "tianeptine": ("Stablon", "Tianeurax"),
    "tranylcypromine": ("Parnate", "Jatrosom"),
    "trazodone": ("Desyrel", "Molipaxin", "Oleptro", "Thombran"),
    "trimipramine": ("Surmontil", "Stangyl"),
    "venlafaxine": ("Effexor", "Efexor", "Trevilor"),
    "vilazodone": ("Viibryd",),
    "vortioxetine": ("Trintellix", "Brintellix"),
}
_OF_BRAND = {brand.casefold(): substance for substance, brands in SUBSTANCES.items() for brand in brands}


def substance_of(name: str) -> str:
    """The substance of a known brand, whatever follows it ("Zoloft 100 mg"); of any other name the name itself.

    >>> substance_of(" Zoloft "), substance_of("Effexor XR"), substance_of("Sertraline")
    ('sertraline', 'venlafaxine', 'sertraline')
    """
    plain = " ".join(name.casefold().split())
    first = plain.split(" ", 1)[0]
    if plain in _OF_BRAND or first in _OF_BRAND:
        return _OF_BRAND.get(plain) or _OF_BRAND[first]
    return first if first in SUBSTANCES else plain
