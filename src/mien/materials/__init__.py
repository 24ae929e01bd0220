"""What a study is made of: traits, prompts, protocols, wording, later turns, constitutions."""
