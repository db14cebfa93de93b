"""Every share of the budget that the search of games spends: parts of what is left when a stage begins."""

# The probe plays a fixed number of episodes. Then short episodes:
BLIND = 0.03  # programs that look at nothing
GUESSES = 0.05  # guesses about what was seen
CALIBRATION = 0.06  # how guesses that meet something miss: after this, no further one is measured

# Whole programs, before the first proposal and after it:
WHOLE = 0.8
PLAIN = 0.4  # of what these cost goes to plain evolution, whatever else is ahead
EPISODE = 0.009  # one episode of theirs is cut there, if that is long enough
LESSONS = 0.06  # watching who leads die and rules against that, a few times in between
PROOF = 0.6  # whole episodes of those who lead, before a proposal
ROUND = 0.3  # further whole programs, after it

# Where a ball is met, or where there is a target:
AIMS = 0.3  # all aims together set the length of their episodes
SETTLED = 0.2  # the best of the first race in whole episodes
SETTLED_FIRST = 0.6  # of that, for everyone's first episode
TARGET_PROOF = 0.12  # whole episodes of those who lead
REPAIR = 0.15  # mending the first champion
MISSES = 0.06  # watching what it misses, per attempt
MENDING = (
    0.06  # of what evolution began with: one repair of a later champion, and at least as much between two
)
PAUSE = 0.12  # of the same: between proposals
LATEST = 0.4  # of the same: after which a first champion is proposed that has not reached the target for sure
GENERATION = 0.02  # first episodes of a generation of its children
