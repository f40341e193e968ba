"""The licensed wording of protected scales: a site loads its own. It is data of the study, never part of the product."""
