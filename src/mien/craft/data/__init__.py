"""From a constitution to training data: queries, answers in character, rankings."""
