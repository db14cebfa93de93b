"""Every share of the budget in one place: parts of what is left when a stage begins, unless said otherwise."""

BLIND = 0.03  # programs that look at nothing, in short episodes
GUESSES = 0.05  # guesses about what was seen, in short episodes
WHOLE = 0.8  # whole programs
PLAIN = 0.35  # of that goes to plain evolution, whatever else is ahead
PROOF = 0.6  # whole episodes of those who lead, before the first proposal
ROUND = 0.3  # whole programs again, after each proposal
TARGET_PROOF = 0.12  # whole episodes of those who lead, where there is a target
REPAIR = 0.15  # mending the first champion, there
EPISODE = 0.0125  # one episode of whole programs, at most
