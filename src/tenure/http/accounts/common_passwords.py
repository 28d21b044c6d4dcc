"""What people choose first when a password must be long: a short list, checked without regard to case or last digits.

It is no dictionary; length does the work, and this catches what length alone lets through.
"""

from typing import Final

_WORDS: Final = """
    password passwordpassword passw0rd p@ssword p@ssw0rd mypassword yourpassword thepassword newpassword
    defaultpassword changemepassword changeme changemechangeme changethis changethisnow letmein letmeinletmein
    letmeinplease pleaseletmein welcome welcomewelcome welcomehome welcometothe administrator administrador admin
    adminadmin adminadminadmin adminpassword rootrootroot rootpassword superuser supersecret supersecretpassword
    secretsecret secretpassword topsecret topsecretpassword testtesttest testpassword temporary temppassword
    temporarypassword trustno trustnoone qwertyuiop qwertyuiopas qwertyuiopasdfghjkl qwertyqwerty qwertzuiop
    qwertzuiopas asdfghjkl asdfghjklzxcvbnm asdfasdfasdf zxcvbnmzxcvbnm azertyuiop azertyuiopqs qazwsxedcrfv
    qazwsxedc 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i q1w2e3r4t5y6 zaq12wsxcde3 abcdefghijkl
    abcdefghijklm abcdefghijklmnopqrstuvwxyz abcdabcdabcd abcabcabcabc abc123abc123 a1b2c3d4e5f6 aabbccddeeff
    123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 12345678910 123456789101
    012345678901 098765432109 987654321098 0987654321 102030405060 112233445566 123123123123 123456123456
    123456781234 123451234512 123412341234 iloveyou iloveyouiloveyou iloveyouforever iloveyousomuch ihateyou
    sunshine sunshinesunshine princess princessprincess football footballfootball baseball baseballbaseball basketball
    basketballbasketball starwars starwarsstarwars superman supermansuperman spiderman batmanbatman pokemon
    pokemonpokemon liverpool liverpoolfc manchesterunited manchester chelseafc barcelona realmadrid juventus
    dragondragon monkeymonkey mastermaster shadowshadow michaelmichael jesuschrist christmas happybirthday
    thisismypassword thisisapassword thisisasecret correcthorsebatterystaple correct-horse-battery-staple
    keepassxkeepass lastpassword nopassword nopasswordhere noneofyourbusiness
    whatever whateverwhatever idontknow idontknowidontknow forgotpassword iforgotmypassword computer
    computercomputer internet internetinternet microsoft microsoftmicrosoft license license licenselicense
    tenure tenuretenure tenurepassword subscription subscriptions
"""
COMMON: Final = frozenset(_WORDS.split())
