"""Every share of the budget that the search of vectors spends: parts of what is left when a stage begins."""

# The first race:
FIRST = 0.004  # the first of those that look at nothing, before the first proposal
BLIND = (0.12, 0.3)  # at most, those that look at nothing: the second where a budget has a few dozen episodes
SHORT = (0.05, 0.25)  # short programs: the second for small budgets,
SHORT_STEPS = 10_000  # up to so many environment steps
COSTLY = 1e-4  # one episode, from which on programs are proposed early
DEAR = 0.01  # one episode, from which on they are not: constant actions are played first
AT_ONCE = 0.03  # one batch of short programs, or one contest of theirs, at most

# Joint linear policies:
CLIMB = 0.25  # where families are tuned after it
CLIMB_BODY = 0.05  # the same for a body with joints
CLIMB_ALONE = 0.9  # where nothing else can be afforded
TURN = 0.2  # of that, one turn of an arm; the first one draws, the others change the best

# Families:
FROM_REST = 0.2  # a body's linear feedback that begins at rest, before the best of its starts goes on
OPENING = 0.2  # scattered starts of a body's gaits and the bracket: with less, there are fewer
RACE = 0.5  # the first two rounds at most: with less, rounds are shorter
POLISH = 0.5  # tuning the winner; finals, pruning and a restart need the rest
BODY_POLISH = 0.8  # the same for a body, which is too dear to start again
BODY = 0.75  # the lane of a body that is ahead of the others
LENGTHEN = (0.3, 0.5, 0.7)  # of that, spent: episodes get longer, longer again, and are whole
LOOK = 0.15  # at most, one stage of the finals, screening terms, pruning

# Anywhere:
SURE = 0.4  # at most, making sure that nothing can be gained

# States that can be counted:
COUNTING = 0.85  # exploring them
