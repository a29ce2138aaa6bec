"""Passwords of twelve characters and more that are tried first. Compared folded, also without signs.

Shorter ones are refused for their length, so they need no list.
"""

from __future__ import annotations

__all__ = ["COMMON"]

COMMON = frozenset(
    """
    000000000000 012345678901 098765432109 101010101010 102030405060 111111111111 111122223333
    112233445566 121212121212 123123123123 123456789000 123456789012 1234567890123 1234567890ab
    1234567890abc 1234567890qw 1234567890qwe 1234567890qwer 1234567890qwertyuiop 123456789123
    12345678987654321 123456789987654321 123456789abc 123456789abcd 123456789qwe 123456abcdef
    123456password 123456qwerty 123456qwertyuiop 12345qwertasdfg 1234abcd1234 1234qwer1234
    1234qwerasdf 1234qwerasdfzxcv 123qwe123qwe 123qweasd123 123qweasdzxc 147258369147
    147852369147 159357159357 159753456852 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i
    1q2w3e4r5t6y7u8i9o 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx1qaz 1qaz2wsx3edc 1qaz2wsx3edc4rfv
    1qazxsw23edc 222222222222 333333333333 444444444444 520131452013 5201314520131 520520520520
    521521521521 555555555555 5845201314520 666666666666 777777777777 888888888888 987654321098
    9876543210987 987654321987654321 999999999999 a12345678901 a123456789012 a1b2c3d4e5f6
    aa1234567890 aa123456789aa aaaaaaaaaaaa abc123456789 abc1234567890 abc123abc123 abcabcabcabc
    abcd12345678 abcd123456789 abcdef123456 abcdefg12345 abcdefg1234567 abcdefgh1234
    abcdefgh12345678 abcdefghijkl abcdefghijklm access123456 admin1234567 admin12345678
    admin123456789 admin1234567890 adminadmin12 adminadmin123 adminadminadmin administrator
    administrator1 administrator123 adminpassword adminpassword1 adminpassword123 asdasdasdasd
    asdf1234asdf asdfasdfasdf asdfghjkl123 asdfghjkl1234 asdfghjklqwertyuiop asdfghjklzxc
    asdfghjklzxcvbnm babygirl1234 baobei123456 baseball1234 batman123456 bismillah123
    changeit1234 changeme1234 changeme12345 changeme123456 changemenow1 changemenow123
    changethispassword charlie12345 chocolate123 companion123 companion1234 correcthorsebattery
    correcthorsebatterystaple crisisteam123 default12345 default123456 defaultpassword
    dragon123456 football1234 football12345 forever12345 fuckyou12345 guardrail123 guardrail1234
    guardrail12345 guardrailadmin guardrailguardrail hello1234567 hello12345678 helloworld12
    helloworld123 helloworld1234 iloveyou1234 iloveyou12345 iloveyou123456 iloveyouforever
    iloveyousomuch letmein12345 letmein123456 letmeinletmein liverpool123 liverpool1234
    manchester123 manchesterunited master123456 meiyoumima12 michael12345 michelle1234
    mima12345678 mimamimamima moderator123 moderator1234 monkey123456 mypassword12 mypassword123
    mypassword1234 newpassword1 newpassword12 newpassword123 newpassword1234 nihao1234567
    nihaonihao12 nopassword123 p4ssw0rd1234 passphrase12 passphrase123 passw0rd1234
    passw0rd12345 passw0rd123456 password0000 password1111 password1234 password12345
    password123456 password1234567 password12345678 password123456789 password1234567890
    password2020 password2021 password2022 password2023 password2024 password2025 password2026
    password2027 passwordpassw passwordpassword passwordqwerty pokemon12345 princess1234
    princess12345 q1w2e3r4t5y6 q1w2e3r4t5y6u7 q1w2e3r4t5y6u7i8 qazqazqazqaz qazwsx123456
    qazwsxedc123 qazwsxedc1234 qazwsxedcrfv qazwsxedcrfvtgb qqqqqqqqqqqq qwe123qwe123
    qweasdzxc123 qweasdzxc1234 qweqweqweqwe qwer1234asdf qwer1234qwer qwerasdfzxcv qwerqwerqwer
    qwert1234567 qwertasdfgzxcvb qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789
    qwerty1234567890 qwertyqwerty qwertyqwerty1 qwertyuiop12 qwertyuiop123 qwertyuiop1234
    qwertyuiop12345 qwertyuiop123456 qwertyuiop1234567890 qwertyuiopas qwertyuiopasdf
    qwertyuiopasdfgh qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm root12345678 rootpassword
    rootpassword1 rootrootroot samsung12345 secret123456 secretpassword sunshine1234
    sunshine12345 superman1234 superman12345 superpassword supersecret1 supersecret12
    supersecret123 supersecretpassword temporary123 temporary1234 temppassword temppassword1
    test12345678 test123456789 test1234567890 testpassword testpassword1 testpassword123
    testtesttest thisismypassword trustno1trustno1 unknown12345 user12345678 userpassword
    welcome12345 welcome123456 welcome1234567 welcome2024! welcome2025! welcome2026!
    welcomewelcome whatever1234 wo1234567890 woaini123456 woaini1314520 woaini5201314
    woaini520520 woainiwoaini wodemima1234 xiaoming1234 yourpassword yourpassword1 zaq12wsxcde3
    zaq1xsw2cde3 zaq1zaq1zaq1 zhang1234567 zxcvbnm12345 zxcvbnm123456 zxcvbnmasdfghjkl
    zxcvbnmasdfghjklqwertyuiop zxcvbnmzxcvbnm zzzzzzzzzzzz
    """.split()  # noqa: SIM905 - it reads better
)
