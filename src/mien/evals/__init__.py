"""What is measured beside traits: each evaluation asks a model items, and keeps where the answers lie.

Reading order: `item` (what is asked), `conduct` (it is asked, through a session like any call, and goes on
where it stopped), `evaluation` (what a store holds of it); `asker`, `answers` and `judges`, for those that
have answers read. What the answers mean is for each kind to say, as
estimates, from which diffs, gates, reports and figures follow.
"""
