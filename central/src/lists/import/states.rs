//! Country names as published lists write them, and the code that lists have for each.

use egate_types::StateCode;

/// The code that lists hold for a state. Documents write Germany as `D` (ICAO 9303-3 §5) and lists as `DEU` (ISO 3166-1), which are one.
pub fn as_listed(code: StateCode) -> StateCode {
    if code.as_str() == "D" {
        return StateCode::parse("DEU").unwrap_or(code);
    }
    code
}

/// The state of this name, in capitals or not, with or without an article.
pub(super) fn of_name(name: &str) -> Option<StateCode> {
    // `Cabo Verde.  Previously Cape Verde.`
    let name = name.split(". ").next().unwrap_or(name);
    let name = name.trim_end_matches('.').to_lowercase();
    let words: Vec<&str> = name.split_whitespace().collect();
    let words = words.strip_prefix(&["the"]).unwrap_or(&words);
    let name = words.join(" ").replace('’', "'");
    let at = NAMES
        .binary_search_by(|(known, _)| (*known).cmp(&name))
        .ok()?;
    StateCode::parse(NAMES[at].1)
}

/// Names in small letters without article, sorted: all members of the United Nations, and the other names that occur in published lists.
#[rustfmt::skip]
const NAMES: [(&str, &str); 279] = [
    ("afghanistan", "AFG"), ("albania", "ALB"), ("algeria", "DZA"), ("andorra", "AND"), ("angola", "AGO"),
    ("antigua and barbuda", "ATG"), ("argentina", "ARG"), ("armenia", "ARM"), ("aruba", "ABW"), ("australia", "AUS"),
    ("austria", "AUT"), ("azerbaijan", "AZE"), ("bahamas", "BHS"), ("bahamas, the", "BHS"), ("bahrain", "BHR"),
    ("bangladesh", "BGD"), ("barbados", "BRB"), ("belarus", "BLR"), ("belgium", "BEL"), ("belize", "BLZ"),
    ("benin", "BEN"), ("bermuda", "BMU"), ("bhutan", "BTN"), ("bolivia", "BOL"),
    ("bolivia (plurinational state of)", "BOL"), ("bosnia and herzegovina", "BIH"), ("bosnia-herzegovina", "BIH"),
    ("botswana", "BWA"), ("brazil", "BRA"), ("british virgin islands", "VGB"), ("brunei", "BRN"),
    ("brunei darussalam", "BRN"), ("bulgaria", "BGR"), ("burkina faso", "BFA"), ("burma", "MMR"), ("burundi", "BDI"),
    ("cabo verde", "CPV"), ("cambodia", "KHM"), ("cameroon", "CMR"), ("canada", "CAN"), ("cape verde", "CPV"),
    ("cayman islands", "CYM"), ("central african republic", "CAF"), ("chad", "TCD"), ("chile", "CHL"),
    ("china", "CHN"), ("china, hong kong special administrative region", "HKG"),
    ("china, macao special administrative region", "MAC"), ("china, people's republic of", "CHN"),
    ("colombia", "COL"), ("comoros", "COM"), ("congo", "COG"), ("congo, democratic republic of the", "COD"),
    ("congo, republic of the", "COG"), ("cook islands", "COK"), ("costa rica", "CRI"), ("cote d ivoire", "CIV"),
    ("cote d'ivoire", "CIV"), ("croatia", "HRV"), ("cuba", "CUB"), ("curacao", "CUW"), ("curaçao", "CUW"),
    ("cyprus", "CYP"), ("czech republic", "CZE"), ("czechia", "CZE"), ("côte d'ivoire", "CIV"),
    ("democratic people's republic of korea", "PRK"), ("democratic republic of the congo", "COD"), ("denmark", "DNK"),
    ("djibouti", "DJI"), ("dominica", "DMA"), ("dominican republic", "DOM"), ("east timor", "TLS"),
    ("ecuador", "ECU"), ("egypt", "EGY"), ("el salvador", "SLV"), ("equatorial guinea", "GNQ"), ("eritrea", "ERI"),
    ("estonia", "EST"), ("eswatini", "SWZ"), ("ethiopia", "ETH"), ("federal republic of germany", "DEU"),
    ("fiji", "FJI"), ("finland", "FIN"), ("former soviet union", "SUN"), ("former ussr", "SUN"),
    ("former yugoslav republic of macedonia", "MKD"), ("france", "FRA"), ("gabon", "GAB"), ("gambia", "GMB"),
    ("gambia, the", "GMB"), ("gaza", "PSE"), ("georgia", "GEO"), ("germany", "DEU"), ("ghana", "GHA"),
    ("gibraltar", "GIB"), ("great britain", "GBR"), ("greece", "GRC"), ("grenada", "GRD"), ("guatemala", "GTM"),
    ("guernsey", "GGY"), ("guinea", "GIN"), ("guinea bissau", "GNB"), ("guinea-bissau", "GNB"), ("guyana", "GUY"),
    ("haiti", "HTI"), ("holy see", "VAT"), ("honduras", "HND"), ("hong kong", "HKG"), ("hungary", "HUN"),
    ("iceland", "ISL"), ("india", "IND"), ("indonesia", "IDN"), ("iran", "IRN"),
    ("iran (islamic republic of)", "IRN"), ("iraq", "IRQ"), ("ireland", "IRL"),
    ("islamic emirate of afghanistan", "AFG"), ("islamic republic of iran", "IRN"), ("isle of man", "IMN"),
    ("israel", "ISR"), ("italy", "ITA"), ("ivory coast", "CIV"), ("jamaica", "JAM"), ("japan", "JPN"),
    ("jersey", "JEY"), ("jordan", "JOR"), ("kazakhstan", "KAZ"), ("kenya", "KEN"), ("kiribati", "KIR"),
    ("korea, north", "PRK"), ("korea, south", "KOR"), ("kosovo", "RKS"), ("kuwait", "KWT"),
    ("kyrgyz republic", "KGZ"), ("kyrgyzstan", "KGZ"), ("lao people's democratic republic", "LAO"), ("laos", "LAO"),
    ("latvia", "LVA"), ("lebanon", "LBN"), ("lesotho", "LSO"), ("liberia", "LBR"), ("libya", "LBY"),
    ("libyan arab jamahiriya", "LBY"), ("liechtenstein", "LIE"), ("lithuania", "LTU"), ("luxembourg", "LUX"),
    ("macao", "MAC"), ("macau", "MAC"), ("macedonia", "MKD"), ("macedonia, the former yugoslav republic of", "MKD"),
    ("madagascar", "MDG"), ("malawi", "MWI"), ("malaysia", "MYS"), ("maldives", "MDV"), ("mali", "MLI"),
    ("malta", "MLT"), ("marshall islands", "MHL"), ("mauritania", "MRT"), ("mauritius", "MUS"), ("mexico", "MEX"),
    ("micronesia", "FSM"), ("micronesia (federated states of)", "FSM"), ("micronesia, federated states of", "FSM"),
    ("moldova", "MDA"), ("moldova, republic of", "MDA"), ("monaco", "MCO"), ("mongolia", "MNG"),
    ("montenegro", "MNE"), ("morocco", "MAR"), ("mozambique", "MOZ"), ("myanmar", "MMR"), ("namibia", "NAM"),
    ("nauru", "NRU"), ("nepal", "NPL"), ("netherlands", "NLD"), ("netherlands (kingdom of the)", "NLD"),
    ("new zealand", "NZL"), ("nicaragua", "NIC"), ("niger", "NER"), ("nigeria", "NGA"), ("north korea", "PRK"),
    ("north macedonia", "MKD"), ("north macedonia, the republic of", "MKD"), ("norway", "NOR"), ("oman", "OMN"),
    ("pakistan", "PAK"), ("palau", "PLW"), ("palestine", "PSE"), ("palestinian", "PSE"),
    ("palestinian territories", "PSE"), ("panama", "PAN"), ("papua new guinea", "PNG"), ("paraguay", "PRY"),
    ("people's republic of china", "CHN"), ("peru", "PER"), ("philippines", "PHL"), ("poland", "POL"),
    ("portugal", "PRT"), ("puerto rico", "PRI"), ("qatar", "QAT"), ("region: gaza", "PSE"),
    ("republic of korea", "KOR"), ("republic of moldova", "MDA"), ("republic of the congo", "COG"),
    ("romania", "ROU"), ("russia", "RUS"), ("russian federation", "RUS"), ("rwanda", "RWA"),
    ("saint kitts and nevis", "KNA"), ("saint lucia", "LCA"), ("saint vincent and the grenadines", "VCT"),
    ("samoa", "WSM"), ("san marino", "SMR"), ("sao tome and principe", "STP"), ("saudi arabia", "SAU"),
    ("senegal", "SEN"), ("serbia", "SRB"), ("seychelles", "SYC"), ("sierra leone", "SLE"), ("singapore", "SGP"),
    ("slovak republic", "SVK"), ("slovakia", "SVK"), ("slovenia", "SVN"), ("solomon islands", "SLB"),
    ("somalia", "SOM"), ("south africa", "ZAF"), ("south korea", "KOR"), ("south sudan", "SSD"),
    ("soviet union", "SUN"), ("spain", "ESP"), ("sri lanka", "LKA"), ("state of palestine", "PSE"), ("sudan", "SDN"),
    ("suriname", "SUR"), ("swaziland", "SWZ"), ("sweden", "SWE"), ("switzerland", "CHE"), ("syria", "SYR"),
    ("syrian arab republic", "SYR"), ("taiwan", "TWN"), ("taiwan, province of china", "TWN"), ("tajikistan", "TJK"),
    ("tanzania", "TZA"), ("thailand", "THA"), ("timor-leste", "TLS"), ("togo", "TGO"), ("tonga", "TON"),
    ("trinidad and tobago", "TTO"), ("tunisia", "TUN"), ("turkey", "TUR"), ("turkiye", "TUR"),
    ("turkmenistan", "TKM"), ("tuvalu", "TUV"), ("türkiye", "TUR"), ("uganda", "UGA"), ("ukraine", "UKR"),
    ("united arab emirates", "ARE"), ("united kingdom", "GBR"),
    ("united kingdom of great britain and northern ireland", "GBR"), ("united republic of tanzania", "TZA"),
    ("united states", "USA"), ("united states of america", "USA"), ("uruguay", "URY"), ("uzbekistan", "UZB"),
    ("vanuatu", "VUT"), ("vatican city", "VAT"), ("vatican city state", "VAT"), ("venezuela", "VEN"),
    ("venezuela (bolivarian republic of)", "VEN"), ("venezuela, bolivarian republic of", "VEN"), ("viet nam", "VNM"),
    ("vietnam", "VNM"), ("virgin islands, british", "VGB"), ("west bank", "PSE"), ("yemen", "YEM"), ("zaire", "COD"),
    ("zambia", "ZMB"), ("zimbabwe", "ZWE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_written() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        for (name, code) in [
            ("Germany", "DEU"),
            ("KOREA, NORTH", "PRK"),
            ("The Gambia", "GMB"),
            ("Côte d’Ivoire", "CIV"),
            ("Cabo Verde.  Previously Cape Verde.", "CPV"),
            ("Iran (Islamic Republic of) ", "IRN"),
        ] {
            let found = of_name(name);
            assert_eq!(found.as_ref().map(StateCode::as_str), Some(code), "{name}");
        }
        assert_eq!(of_name("Nowhere"), None);
        assert_eq!(of_name(""), None);
    }

    #[test]
    fn every_state_has_a_code_and_most_have_one_name() {
        let codes: std::collections::BTreeSet<_> = NAMES.iter().map(|(_, code)| *code).collect();
        // The members of the United Nations, its two observers, and what lists name besides.
        assert!(codes.len() >= 195, "{}", codes.len());
        assert!(
            codes
                .iter()
                .all(|code| StateCode::parse(code).is_some() && code.len() == 3)
        );
    }
}
