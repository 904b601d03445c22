"""The judge of health: two sets of samples and a rule in, PASS, FAIL or INCONCLUSIVE with its reason out."""
