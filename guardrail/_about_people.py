"""Who a line may speak of besides the speaker: people by kin, friendship, school and work. Pure."""

from __future__ import annotations

__all__ = ["PEOPLE_EN", "PEOPLE_ZH"]

PEOPLE_EN = (
    r"friend|bestie|bff|mate|buddy|room ?mate|flat ?mate|house ?mate|class ?mate|team ?mate|"
    r"co-?worker|colleague|neighbou?r|boss|teacher|student|pupil|patient|client|girl ?friend|"
    r"boy ?friend|gf|bf|ex|partner|wife|husband|fianc[eé]e?|mom|mum|mother|dad|father|parent|"
    r"sister|sis|brother|bro|twin|cousin|aunt|auntie|uncle|niece|nephew|son|daughter|kid|child|"
    r"grand(?:ma|pa|mother|father|son|daughter|child)|step\w+|crush|singer|actor|actress|idol|"
    r"streamer|youtuber|pal|roomie|hubby|nan|nana|gran|granny|bloke|lad|coach|pastor|girl|boy|guy|man|woman|lady|person|"
    r"gran?d(?:d)?ad|mam|mama|papa|guild ?mate|guildie|mutual|pen ?pal|lover|date|"
    r"dude|teen|teenager|kiddo|stranger|follower|viewer|caller|tutor|manager|landlady|landlord"
)
PEOPLE_ZH = (
    r"朋友|好友|闺蜜|兄弟|哥们|哥们儿|死党|发小|室友|舍友|同学|同桌|同事|邻居|老师|学生|老板|网友|"
    r"女朋友|女友|男朋友|男友|对象|前任|前男友|前女友|老婆|老公|妻子|丈夫|爱人|伴侣|"
    r"妈妈|妈|母亲|爸爸|爸|父亲|父母|姐姐|姐|妹妹|妹|哥哥|哥|弟弟|弟|表哥|表姐|表弟|表妹|堂哥|堂姐|堂弟|堂妹|"
    r"儿子|女儿|孩子|侄子|侄女|外甥|外甥女|奶奶|爷爷|外婆|外公|姥姥|姥爷|姑姑|姑妈|姨|阿姨|舅舅|叔叔|伯伯|亲戚|"
    r"小孩|女孩|男孩|女生|男生|偶像|学弟|学妹|学长|学姐|队友|患者|病人|"
    r"婆婆|公公|岳父|岳母|闺女|嫂子|姐夫|妹夫|孙子|孙女|老伴|师父|徒弟|学员|战友|老乡|工友|老同学|班长|粉丝|主播"
)
