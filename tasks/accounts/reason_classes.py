"""Classes of reasons: what speaks against an account, without the numbers.

A reason is a sentence about one account, with the numbers that were seen of it. Of
many accounts only the class can be told: a stable code and words without numbers that
hold for each of them. Codes stay as they are once published; words may be mended.

Where a learned feature may point either way, the words say "unusual" and not "many".
"""

from __future__ import annotations

# By code: how it reads after "The account ...".
REASON_CLASSES: dict[str, str] = {
    # Of its profile.
    "follows_many": "follows many accounts for the followers that it has",
    "follows_for_posts": "follows an unusual number of accounts for its posts",
    "followers_for_posts": "has an unusual number of followers for its posts",
    "few_followers": "has hardly any followers",
    "posts": "has written an unusual number of posts",
    "few_posts": "has hardly written anything",
    "name": "has a name of an unusual make (length, letters, digits)",
    "handed_out_name": "has a name as the platform or a script hands it out",
    "description": "describes itself at an unusual length",
    "default_picture": "has no picture of its own",
    "new": "was registered shortly before it first appeared",
    # Of what it did.
    "reposts": "reposts an unusual part of the time",
    "pace": "acts at an unusual pace",
    "inhuman_pace": "acts more often a day than people do",
    "regular_times": "acts at regular intervals, on the full and the half hour",
    "hours": "acts at unusual hours or on unusual days",
    "same_texts": "writes the same texts again and again",
    "text_length": "writes texts of unusual length",
    "sales": "writes like sellers",
    "texts": "writes texts of an unusual make (links, topics, names, signs)",
    "clients": "posts from unusual programs",
    "few_comments": "gets few comments on its posts",
    "likes": "gets an unusual number of likes on its posts",
    # Of its company.
    "batch_of_names": "was made on the same day as others of nearly the same name",
    "batch_of_descriptions": "was made on the same day as others that describe"
    " themselves alike",
    "made_in_a_batch": "was likely made in one batch with other accounts",
    "template_texts": "writes words that a small set of accounts repeats",
    "one_minute": "reposts on the same minute of the half hour again and again",
    "company": "reposts within seconds of the same accounts, on several posts",
    "cowriters": "writes the same words as accounts suspected for other reasons",
    "coactors": "acts in the same seconds as suspected accounts, on several posts",
    "synchronous_targets": "follows or reposts unusual accounts of one sort",
    "follow_burst": "follows an account together with many that were registered on the"
    " same day",
    "verified": "is verified by the platform",
    "old_and_quiet": "is old and quiet",
    "many_small_signs": "stands out by many small signs together, by none alone",
}
# Of signs that lower the score: no reason against an account.
SPEAKING_FOR = frozenset({"verified", "old_and_quiet"})
# How many it follows for what: new readers and shy people do so, too. Alone, or with
# what says nothing by itself, these make nobody a likely phantom.
RATIOS = frozenset({"follows_many", "follows_for_posts", "followers_for_posts"})
SAYS_LITTLE = frozenset({"few_followers", "name", "description", "posts", "likes"})
# Neither do these, of an account that has been used for long: who reads and hardly
# writes shows all of them.
OF_LURKERS = RATIOS | SAYS_LITTLE | {"few_posts", "default_picture", "handed_out_name"}
