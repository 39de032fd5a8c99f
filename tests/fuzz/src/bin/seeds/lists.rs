//! Files of lists in every format, with people who do not exist.

/// An input for each format and each sort of row.
pub fn seeds() -> crate::Seeds {
    let texts = [
        (0, OWN_CSV),
        (0, OLD_CSV),
        (0, WRONG_CSV),
        (0, UNKNOWN_COLUMNS),
        (1, ENTRIES),
        (1, PERSONS),
        (2, DESIGNATIONS),
        (3, CONSOLIDATED),
        (4, WITH_NAMES),
    ];
    let seed = |(choice, text): (u8, &str)| [&[choice], text.as_bytes()].concat();
    texts.into_iter().map(seed).collect()
}

const OWN_CSV: &str = "\u{feff}id,surname,given,name,aliases,date_of_birth,nationality,sex,place_of_birth,issuer,class,number,last_number,action,reason,legal_basis,source,listed_on,valid_from,valid_until,review_on\r
a:1,Müßigbrodt,Grete,,Greta M.; \"\"\"La Gata\"\"\",1970-05-06;1969/1971,UTO;D,F,Springfield;Elm,UTO,P,X0B1,,refer,wanted,Act 1,own,2026-01-02,2026-01-03,2027-01-04,2026-06-05\r
,,,\"Vega, Lucinda\",,1970,QAA,X,,,,,,detain,,,,,,,\r
,,,,,,,,,D,I,AB1000,AB1999,refuse,\"stolen\nblanks\",Act 2,,,,,\r
";
const OLD_CSV: &str =
    "issuer,number,surname,given,date_of_birth,action,reason,legal_basis,valid_from,valid_until
UTO,L898902C3,,,,refuse,\"stolen, reported\",Act 1,,
,,O'Brien-Smith,Anna  Maria,1974-08-12,refer,contact tracing,Act 2,2026-01-01,2026-12-31
";
const WRONG_CSV: &str = "name,date_of_birth,number,nationality,sex,action,valid_from,valid_until
Lucinda Vega,1970-13,,,,,,
Lucinda Vega,1940/1999,X1,UTOPIA,,,,
Lucinda Vega,,,,Q,,,
Lucinda Vega,,,,,admit,2026-02-02,2026-01-01
Lucinda Vega
\"Lucinda Vega,,,,,,,
";
const UNKNOWN_COLUMNS: &str = "surname,Lucinda Vega 1970,givn
Vega,Lucinda,
";
const ENTRIES: &str = r#"{"id":"a:1","names":["Vega, Lucinda"],"births":["1970-05-06","1969/1971"],"nationalities":["UTO"],"sex":"female","places_of_birth":["Springfield"],"documents":[{"issuer":"UTO","class":"P","number":"X1","last_number":"X9"}],"action":"silent_alert","reason":"wanted","legal_basis":"Act 1","source":"own","listed_on":"2026-01-02","valid_from":"2026-01-03","valid_until":"2027-01-04","review_on":"2026-06-05"}

{"id":"a:2","names":["Vega, Lucinda"],"colour":"red"}
{"id":"a:3","names":["Vega, Lucinda"],"listed_on":"2026-02-30","nationalities":["UTOPIA"]}
{"names":["Vega, Lucinda"]}
{"id":"a:4","names":"#;
const PERSONS: &str = r#"{"id":"x:1","source":"MADE-UP","primary_identifier":"VEGA","secondary_identifier":"Lucinda","name":"Lucinda VEGA","aliases":[{"name":"La Gata","quality":"weak","type":"aka"}],"dob":[{"value":"1970/1972","quality":"range"}],"nationality":["UTO"],"sex":"F","documents":[{"number":"passport no. X 123","issuer":"UTO"},{"number":"Utopian","issuer":""}],"original_script":["Вега"],"place_of_birth":["Springfield"]}
{"id":"x:2","name":"Lucinda VEGA","height":170}
"#;
const DESIGNATIONS: &str = "1,\"VEGA, Lucinda\",\"individual\",\"MADE] [UP\",\"Directora\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 06 May 1970; alt. DOB circa 1969; alt. DOB 01 Jan 1971 to 31 Dec 1972; POB Springfield, Austria; nationality Austria; citizen Nowhere; Gender Female; Passport X0B1 (Austria) issued 01 Jan 2001 expires 31 Dec 2010; alt. Passport X 2; National ID No. 12-34 (Burma); a.k.a. 'LA GATA'; Linked To: NOBODY.\"\r
2,\"NOBODY LTD\",-0- ,\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r
1,\"VEGA, Lucinda\",\"individual\",\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r
x,y\r
\u{1a}";
const WITH_NAMES: &str = "1,\"VEGA, Lucinda\",\"individual\",\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB May 1970.\"\r
\u{0}1,7,\"aka\",\"GATA, La\",-0- \r
x,8,\"aka\",\"GATO, El\",-0- \r
\u{1a}";
const CONSOLIDATED: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27"><INDIVIDUALS>
<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>LUCINDA</FIRST_NAME><SECOND_NAME>VEGA &amp; MAR&#205;A</SECOND_NAME><THIRD_NAME>DE</THIRD_NAME><FOURTH_NAME>LA LUZ</FOURTH_NAME>
<UN_LIST_TYPE>Made</UN_LIST_TYPE><REFERENCE_NUMBER>Mi.001</REFERENCE_NUMBER><LISTED_ON>2012-12-31-04:00</LISTED_ON><GENDER>Female</GENDER><NAME_ORIGINAL_SCRIPT><![CDATA[Вега]]></NAME_ORIGINAL_SCRIPT>
<NATIONALITY><VALUE>Austria</VALUE><VALUE>Nowhere</VALUE></NATIONALITY>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>La Gata; El Gato</ALIAS_NAME><DATE_OF_BIRTH>1971-05-06</DATE_OF_BIRTH><COUNTRY_OF_BIRTH>Austria</COUNTRY_OF_BIRTH></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Gata (original script: Гата)</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1970-05-06</DATE></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1969</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1968</FROM_YEAR><TO_YEAR>1971</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><NOTE>Nov. 1973</NOTE></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_PLACE_OF_BIRTH><CITY>Springfield</CITY><COUNTRY>Austria</COUNTRY></INDIVIDUAL_PLACE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>passport no. X0B1</NUMBER><ISSUING_COUNTRY>Austria</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>National Identification Number</TYPE_OF_DOCUMENT><NUMBER>12-34</NUMBER></INDIVIDUAL_DOCUMENT>
</INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY><DATAID>2</DATAID></ENTITY></ENTITIES></CONSOLIDATED_LIST>
"#;
