"""The command line: parses, prints, sets exit codes; nothing else. Each row names the function that does the work."""

COMMANDS = {
    "demo": "danlu.recipes.demo:demo",
    "doctor": "danlu.recipes.doctor:doctor",
    "corpus build": "danlu.recipes.corpus:corpus_build",
    "corpus report": "danlu.recipes.corpus_report:corpus_report",
    "corpus verify": "danlu.recipes.corpus:corpus_verify",
    "corpus explain": "danlu.recipes.corpus_questions:corpus_explain",
    "corpus check": "danlu.recipes.corpus_questions:corpus_check",
    "corpus what-if": "danlu.recipes.corpus_questions:corpus_what_if",
    "corpus plan": "danlu.recipes.corpus_plan:corpus_plan",
    "corpus quality train": "danlu.recipes.quality:corpus_quality_train",
    "tokenizer train": "danlu.recipes.tokenizer:tokenizer_train",
    "plan": "danlu.recipes.plan:plan",
    "pretrain": "danlu.recipes.pretrain:pretrain",
    "extend": "danlu.recipes.extend:extend",
    "evaluate": "danlu.recipes.evaluate:evaluate",
    "generate": "danlu.recipes.generate:generate",
    "chat": "danlu.recipes.load:load",
    "export": "danlu.recipes.export:export",
    "import": "danlu.recipes.import_model:import_model",
    "compare": "danlu.recipes.compare:compare",
}
