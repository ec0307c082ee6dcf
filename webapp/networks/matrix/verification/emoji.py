"""The 64 emoji by which people compare keys (Client-Server API, "SAS method: emoji"), in the specification's order."""

from dataclasses import dataclass

from webapp.languages import N_


@dataclass(frozen=True)
class Emoji:
    """A picture and its English word, a msgid: both are shown, because two people say the word to each other."""

    symbol: str
    word: str


EMOJI = (
    Emoji("🐶", N_("Dog")),
    Emoji("🐱", N_("Cat")),
    Emoji("🦁", N_("Lion")),
    Emoji("🐎", N_("Horse")),
    Emoji("🦄", N_("Unicorn")),
    Emoji("🐷", N_("Pig")),
    Emoji("🐘", N_("Elephant")),
    Emoji("🐰", N_("Rabbit")),
    Emoji("🐼", N_("Panda")),
    Emoji("🐓", N_("Rooster")),
    Emoji("🐧", N_("Penguin")),
    Emoji("🐢", N_("Turtle")),
    Emoji("🐟", N_("Fish")),
    Emoji("🐙", N_("Octopus")),
    Emoji("🦋", N_("Butterfly")),
    Emoji("🌷", N_("Flower")),
    Emoji("🌳", N_("Tree")),
    Emoji("🌵", N_("Cactus")),
    Emoji("🍄", N_("Mushroom")),
    Emoji("🌏", N_("Globe")),
    Emoji("🌙", N_("Moon")),
    Emoji("☁️", N_("Cloud")),
    Emoji("🔥", N_("Fire")),
    Emoji("🍌", N_("Banana")),
    Emoji("🍎", N_("Apple")),
    Emoji("🍓", N_("Strawberry")),
    Emoji("🌽", N_("Corn")),
    Emoji("🍕", N_("Pizza")),
    Emoji("🎂", N_("Cake")),
    Emoji("❤️", N_("Heart")),
    Emoji("😀", N_("Smiley")),
    Emoji("🤖", N_("Robot")),
    Emoji("🎩", N_("Hat")),
    Emoji("👓", N_("Glasses")),
    Emoji("🔧", N_("Spanner")),
    Emoji("🎅", N_("Santa")),
    Emoji("👍", N_("Thumbs Up")),
    Emoji("☂️", N_("Umbrella")),
    Emoji("⌛", N_("Hourglass")),
    Emoji("⏰", N_("Clock")),
    Emoji("🎁", N_("Gift")),
    Emoji("💡", N_("Light Bulb")),
    Emoji("📕", N_("Book")),
    Emoji("✏️", N_("Pencil")),
    Emoji("📎", N_("Paperclip")),
    Emoji("✂️", N_("Scissors")),
    Emoji("🔒", N_("Lock")),
    Emoji("🔑", N_("Key")),
    Emoji("🔨", N_("Hammer")),
    Emoji("☎️", N_("Telephone")),
    Emoji("🏁", N_("Flag")),
    Emoji("🚂", N_("Train")),
    Emoji("🚲", N_("Bicycle")),
    Emoji("✈️", N_("Aeroplane")),
    Emoji("🚀", N_("Rocket")),
    Emoji("🏆", N_("Trophy")),
    Emoji("⚽", N_("Ball")),
    Emoji("🎸", N_("Guitar")),
    Emoji("🎺", N_("Trumpet")),
    Emoji("🔔", N_("Bell")),
    Emoji("⚓", N_("Anchor")),
    Emoji("🎧", N_("Headphones")),
    Emoji("📁", N_("Folder")),
    Emoji("📌", N_("Pushpin")),  # the table says "Pin"; on our screens that is already a verb, with its own translation
)
