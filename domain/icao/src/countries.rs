//! Two-letter country codes of certificates (ISO 3166-1 alpha-2) beside three-letter codes of documents (ICAO 9303-3 §5).

/// Whether a document of `issuer` may bear a signature of `certificate_country`; `None` if either is not in the table.
pub(crate) fn issuer_matches(issuer: &str, certificate_country: &str) -> Option<bool> {
    let country = certificate_country.to_ascii_uppercase();
    // Some issuers write the three-letter code into the certificate.
    if country == issuer {
        return Some(true);
    }
    let pairs = || PAIRS.split_ascii_whitespace().map(|pair| pair.split_at(2));
    let known = pairs().any(|(two, _)| two == country) && pairs().any(|(_, three)| three == issuer);
    known.then(|| pairs().any(|pair| pair == (country.as_str(), issuer)))
}

/// ISO 3166-1, then the codes of ICAO 9303-3 §5 that ISO has not, Utopia of the specimens included.
const PAIRS: &str = "
ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE BABIH BBBRB BDBGD
BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN
CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU
DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA GAGAB
GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG
HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM JOJOR JPJPN
KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA LILIE LKLKA LRLBR LSLSO LTLTU
LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR
MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU NUNIU NZNZL
OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB
RURUS RWRWA SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD STSTP
SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN
TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF
ZMZMB ZWZWE
DED GBGBD GBGBN GBGBO GBGBP GBGBS EUEUE UNUNO UNUNA UNUNK XKRKS KSRKS XOXOM ZZUNO ZZUNA HKCHN MOCHN UTUTO";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_compared_across_alphabets() {
        assert_eq!(issuer_matches("D", "de"), Some(true));
        assert_eq!(issuer_matches("UTO", "UT"), Some(true));
        assert_eq!(issuer_matches("FRA", "DE"), Some(false));
        assert_eq!(issuer_matches("LTU", "LTU"), Some(true));
        assert_eq!(issuer_matches("QQQ", "DE"), None);
        assert_eq!(issuer_matches("FRA", "QQ"), None);
        assert_eq!(
            issuer_matches("CHN", "HK"),
            Some(true),
            "Hong Kong signs documents of CHN"
        );
    }
}
