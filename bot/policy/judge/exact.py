"""Exact tail probabilities and evidence, by the logarithm of the gamma function; nothing here is an approximation
unless its docstring says so."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, combinations
from statistics import NormalDist

_NORMAL = NormalDist()
EXACT = 40
"""Most values, of both sides together, for which every permutation is counted."""


def log_choose(n: float, k: float) -> float:
    """Logarithm of n over k."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def binomial_tail(k: int, n: int, p: float) -> float:
    """P(X >= k) for n trials of chance p, 0 < p < 1."""

    def log(i: int) -> float:
        return log_choose(n, i) + i * math.log(p) + (n - i) * math.log1p(-p)

    return _upper(log, k, 0, n, n * p)


def hypergeometric_tail(k: int, drawn: int, marked: int, population: int) -> float:
    """P(X >= k) marked ones among `drawn` of `population`: Fisher's exact test, one-sided."""
    whole = log_choose(population, drawn)

    def log(i: int) -> float:
        return log_choose(marked, i) + log_choose(population - marked, drawn - i) - whole

    return _upper(log, k, max(0, drawn + marked - population), min(drawn, marked), drawn * marked / max(1, population))


def precedence(baseline: Sequence[float], candidate: Sequence[float], share: float) -> float:
    """Chance that so many of the candidate exceed the baseline's upper `share`, if both come from one source.

    The precedence (exceedance) test: distribution-free and exact; ties count for the candidate's innocence. Both
    sequences are sorted. Source: Nelson, Precedence Life Test, Technometrics 1963.
    """
    n, m = len(baseline), len(candidate)
    bar = baseline[n - max(1, math.ceil(share * n))]
    rank = n - bisect_right(baseline, bar) + 1
    over = m - bisect_right(candidate, bar)
    whole = log_choose(n + m, m)

    def log(k: int) -> float:
        return log_choose(k + rank - 1, k) + log_choose(m - k + n - rank, m - k) - whole

    return _upper(log, over, 0, m, m * rank / (n + 1))


def mann_whitney(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """One-sided p-value that the candidate is larger; both sorted.

    Exact, ties included, up to 40 values. Above, the normal approximation without ties: a tie counts for the baseline,
    so that heavy ties can hide but never alarm. Source: Mann, Whitney 1947.
    """
    n, m = len(baseline), len(candidate)
    if n + m <= EXACT:
        return _permutations(sorted([*baseline, *candidate]), candidate)
    wins = sum(bisect_left(baseline, value) for value in candidate)
    spread = math.sqrt(n * m * (n + m + 1) / 12)
    return 1 - _NORMAL.cdf((wins - n * m / 2 - 0.5) / spread)


def _permutations(pooled: Sequence[float], candidate: Sequence[float]) -> float:
    """Share of all ways to draw so many of the pool whose sum of ranks is at least the candidate's.

    `ways[k]` packs the number of draws of k values by their sum of doubled mid-ranks into one integer, 64 bits a sum.
    """
    ranks = {value: bisect_left(pooled, value) + bisect_right(pooled, value) + 1 for value in pooled}
    ways = [1] + [0] * len(candidate)
    for value in pooled:
        for k in range(len(candidate), 0, -1):
            ways[k] += ways[k - 1] << (64 * ranks[value])
    left, count = ways[-1] >> (64 * sum(ranks[value] for value in candidate)), 0
    while left:
        count += left & (2**64 - 1)
        left >>= 64
    return count / math.comb(len(pooled), len(candidate))


def mann_kendall(values: Sequence[float]) -> float:
    """Chance of at least so many pairs that grow from the earlier to the later, if the order meant nothing.

    Exact without ties; a tie does not count as growth, so that ties can hide but never alarm. Source: Mann,
    Econometrica 1945; Kendall 1938.
    """
    grown = sum(before < after for before, after in combinations(values, 2))
    ways = [1]
    for place in range(1, len(values)):
        sums = [0, *accumulate(ways)]
        whole = len(ways) + place
        ways = [sums[min(k + 1, len(ways))] - sums[max(0, k - place)] for k in range(whole)]
    return sum(ways[grown:]) / math.factorial(len(values))


def log_evidence(bad: float, total: float) -> float:
    """Logarithm of the chance of this sequence of outcomes under Jeffreys' mixture of all rates."""
    good = total - bad
    beta = math.lgamma(bad + 0.5) + math.lgamma(good + 0.5) - math.lgamma(total + 1)
    return beta - math.log(math.pi)


def log_likelihood(bad: float, total: float, rate: float) -> float:
    """Logarithm of the chance of this sequence of outcomes at one rate."""
    good = total - bad
    return (bad * math.log(rate) if bad else 0.0) + (good * math.log1p(-rate) if good else 0.0)


def _upper(log: Callable[[int], float], k: int, low: int, high: int, mean: float) -> float:
    """P(X >= k) of a distribution with one peak on low..high, summed away from the peak on the shorter side."""
    if k <= low:
        return 1.0
    if k <= mean:
        return max(0.0, 1 - _sum(log, range(k - 1, low - 1, -1)))
    return min(1.0, _sum(log, range(k, high + 1)))


def _sum(log: Callable[[int], float], steps: Iterable[int]) -> float:
    """Sum of chances given as logarithms; what is left when they have become negligible is left out."""
    whole = before = 0.0
    for step in steps:
        term = math.exp(log(step))
        whole += term
        if term <= before and term <= 1e-18 * whole:
            break
        before = term
    return whole


def deviate(tail: float) -> float:
    """How many standard deviations out a normal tail of this size begins."""
    return -_NORMAL.inv_cdf(tail)
