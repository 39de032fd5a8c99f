//! Chinese and Korean surnames in the romanisations that are in use: whether a name that can be read as syllables is Chinese or
//! Korean at all. `HASAN SALIM` is HA-SAN SA-LIM as well, and neither is a surname.

use std::{collections::HashSet, sync::LazyLock};

use super::syllables::{Spelt, Syllables};

/// Whether a Chinese surname is said so.
pub fn is_chinese(syllables: Syllables) -> bool {
    CHINESE.contains(&syllables)
}

/// Whether a Korean surname is said so.
pub fn is_korean(syllables: Syllables) -> bool {
    KOREAN.contains(&syllables)
}

static CHINESE: LazyLock<HashSet<Syllables>> =
    LazyLock::new(|| set(CHINESE_SURNAMES, Syllables::pinyin));
static KOREAN: LazyLock<HashSet<Syllables>> =
    LazyLock::new(|| set(KOREAN_SURNAMES, Syllables::korean));

fn set(names: &str, read: impl Fn(&[u8]) -> Option<Spelt>) -> HashSet<Syllables> {
    let read = names.split_whitespace().map(|name| read(name.as_bytes()));
    read.flatten().map(|spelt| spelt.syllables).collect()
}

/// In pinyin; those of two syllables last.
const CHINESE_SURNAMES: &str = "\
AI AN AO BA BAI BAN BAO BEI BI BIAN BIE BO BU CAI CANG CAO CEN CHAI CHANG CHAO CHE CHEN CHENG CHI CHONG CHU CONG CUI
DA DAI DAN DANG DAO DENG DI DIAN DIAO DING DONG DOU DU DUAN FAN FANG FEI FENG FU GAI GAN GAO GE GENG GONG GOU GU GUAN
GUANG GUI GUO HAI HAN HANG HAO HE HENG HONG HOU HU HUA HUAI HUAN HUANG HUI HUO JI JIA JIAN JIANG JIAO JIE JIN JING
JU JUAN JUE KAN KANG KE KONG KOU KUAI KUANG KUI LA LAI LAN LANG LAO LE LEI LENG LI LIAN LIANG LIAO LIN LING LIU LONG LOU
LU LUAN LUO MA MAI MAN MANG MAO MEI MENG MI MIAN MIAO MIN MING MO MOU MU NA NI NIAN NIE NING NIU NONG OU PAN PANG
PEI PENG PI PIAN PIAO PING PU QI QIAN QIANG QIAO QIN QIU QU QUAN QUE RAN RAO REN RONG RU RUAN RUI SANG SHA SHAN
SHANG SHAO SHE SHEN SHENG SHI SHOU SHU SHUAI SHUANG SHUI SI SONG SU SUI SUN SUO TAI TAN TANG TAO TENG TIAN TIE TONG TU TUO
WAN WANG WEI WEN WENG WO WU XI XIA XIAN XIANG XIAO XIE XIN XING XIONG XU XUAN XUE XUN YAN YANG YAO YE YI YIN YING YONG
YOU YU YUAN YUE YUN ZANG ZENG ZHA ZHAI ZHAN ZHANG ZHAO ZHEN ZHENG ZHI ZHONG ZHOU ZHU ZHUANG ZHUO ZONG ZOU ZU ZUO
CHUNYU DONGFANG DONGGUO DUANMU DUGU GONGSUN GONGYE HELIAN HUANGFU HUYAN LINGHU MURONG NANGONG
OUYANG SHANGGUAN SHENTU SIKONG SIMA SITU TANTAI TUOBA WENREN XIAHOU XIANYU XIMEN XUANYUAN YUCHI
YUWEN ZHANGSUN ZHONGLI ZHUGE";

/// As Revised Romanisation, McCune-Reischauer, North Korea and families write them; those of two syllables last.
const KOREAN_SURNAMES: &str = "\
KIM GIM LEE RI YI RHEE PARK PAK BAK CHOI CHOE JUNG JEONG CHONG CHUNG KANG GANG JO CHO YOON YUN JANG CHANG LIM IM RIM HAN OH O
SEO SO SUH SHIN SIN KWON GWON HWANG AN AHN SONG RYU YU YOO HONG JEON JON CHON KO GO MOON MUN YANG RYANG SON SOHN BAE PAE
BAEK PAEK BAIK PAIK HEO HO HUH NAM SIM SHIM NO NOH RO ROH HA KWAK GWAK SUNG SEONG CHA JU CHU JOO WOO U KU GU KOO MIN
RA NA JIN CHIN JI CHI UM EOM OM CHAE WON CHEON BANG PANG KONG GONG HYUN HYON HYEON HAM BYUN PYON BYEON YEOM RYOM YOM
YEO RYO DO TO SEOK SOK SEON SEOL SOL MA GIL KIL YEON RYON WI PYO MYONG MYUNG KI GI BAN PAN WANG KUM GEUM OK YUK IN MAENG JE MO
TAK KUK GUK EUN BONG KYONG KYUNG TAE SANG GYE KYE DOKGO HWANGBO NAMGUNG NAMGOONG SUNU SUNWOO SEONU SAGONG JEGAL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_surname_can_be_read() {
        for (names, read) in [
            (CHINESE_SURNAMES, Syllables::pinyin as fn(&[u8]) -> _),
            (KOREAN_SURNAMES, Syllables::korean),
        ] {
            for name in names.split_whitespace() {
                assert!(read(name.as_bytes()).is_some(), "{name}");
            }
        }
    }
}
