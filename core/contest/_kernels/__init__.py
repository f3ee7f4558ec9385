"""Contests at full speed: scores counted into a histogram, places read off it, prizes split.

A score above the scenario's least fits 16 bits, so one 64-bit addition scores a lineup in four
races at once. Lineups come in lexicographic order and share their first drivers: what those score
is added up once (a head), and each lineup costs one more addition (its last pair, the tail).
Scores are whole ticks, so a count per tick holds every one exactly and no entry is ever sorted;
each race's lineups are counted in a run, one count a cycle or so, which is what memory allows.
Where a user's own points spread too far for 16 bits, words hold two races of 32.
"""
