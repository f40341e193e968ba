"""Brand names of antidepressants, so that a brand and its substance are not taken for two drugs.

Not a dictionary of drugs: the names that people write most. Substances: WHO ATC/DDD index, group N06A
(https://atcddd.fhi.no/atc_ddd_index/?code=N06A). Brands: product labels in Drugs@FDA and in the EU's and UK's registers.
"""

SUBSTANCES: dict[str, tuple[str, ...]] = {
    "agomelatine": ("Valdoxan", "Thymanax"),
    "amitriptyline": ("Elavil", "Saroten", "Tryptizol"),
    "bupropion": ("Wellbutrin", "Elontril", "Aplenzin", "Forfivo"),
    "citalopram": ("Celexa", "Cipramil"),
    "clomipramine": ("Anafranil",),
    "desipramine": ("Norpramin",),
    "desvenlafaxine": ("Pristiq",),
    "doxepin": ("Sinequan", "Aponal"),
    "duloxetine": ("Cymbalta",),
    "escitalopram": ("Lexapro", "Cipralex"),
    "esketamine": ("Spravato",),
    "fluoxetine": ("Prozac", "Sarafem"),
    "fluvoxamine": ("Luvox", "Faverin", "Fevarin"),
    "imipramine": ("Tofranil",),
    "isocarboxazid": ("Marplan",),
    "levomilnacipran": ("Fetzima",),
    "mirtazapine": ("Remeron", "Zispin", "Remergil"),
    "nortriptyline": ("Pamelor", "Aventyl"),
    "paroxetine": ("Paxil", "Seroxat", "Pexeva"),
    "phenelzine": ("Nardil",),
    "selegiline": ("Emsam",),
    "sertraline": ("Zoloft", "Lustral"),
    "tranylcypromine": ("Parnate",),
    "trazodone": ("Desyrel", "Molipaxin", "Oleptro"),
    "trimipramine": ("Surmontil", "Stangyl"),
    "venlafaxine": ("Effexor", "Efexor"),
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
