//! Every word the traveller display can show, in one table.
//!
//! Rules for whoever edits it: what to do, never why; no score, list, reason or authority; the title is
//! an order of a few words, the hint one short sentence. Simplified Chinese as on the mainland,
//! Traditional Chinese as in Hong Kong and Macao, Portuguese as in Portugal and Macao, without words
//! that agree with the reader's gender. A test draws every text and refuses what does not fit.

use egate_types::{Coaching, Language, TravellerScreen};

/// What one screen says in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// The order, in large type.
    pub title: &'static str,
    /// How to follow it.
    pub hint: &'static str,
}

/// The words of a screen in a language.
#[must_use]
pub fn text(screen: TravellerScreen, language: Language) -> Text {
    let [hans, hant, english, portuguese] = row(screen);
    let (title, hint) = match language {
        Language::SimplifiedChinese => hans,
        Language::TraditionalChinese => hant,
        Language::English => english,
        Language::Portuguese => portuguese,
    };
    Text { title, hint }
}

/// Title and hint in the order of [`Language::ALL`].
type Row = [(&'static str, &'static str); 4];

fn row(screen: TravellerScreen) -> Row {
    match screen {
        TravellerScreen::OutOfService => [
            ("通道暂停使用", "请使用其他通道"),
            ("通道暫停使用", "請使用其他通道"),
            ("Lane closed", "Please use another lane"),
            ("Canal encerrado", "Utilize outro canal, por favor"),
        ],
        TravellerScreen::PlaceDocument => [
            ("请放置证件", "照片页朝下，平放在读取区"),
            ("請放置證件", "相片頁向下，平放在閱讀器上"),
            ("Place your document", "Photo page down, flat on the reader"),
            (
                "Coloque o documento",
                "No leitor, com a página da fotografia para baixo",
            ),
        ],
        TravellerScreen::ReadingDocument => [
            ("正在读取证件", "请勿移动证件"),
            ("正在讀取證件", "請勿移動證件"),
            ("Reading your document", "Please leave it on the reader"),
            ("A ler o documento", "Não retire o documento do leitor"),
        ],
        TravellerScreen::PlaceDocumentAgain => [
            ("请重新放置证件", "照片页朝下，平放，不要移动"),
            ("請重新放置證件", "相片頁向下，平放，不要移動"),
            (
                "Place it again, please",
                "Photo page down, flat, and keep it still",
            ),
            (
                "Volte a colocar o documento",
                "Página da fotografia para baixo, sem o mover",
            ),
        ],
        TravellerScreen::StepIn => [
            ("请进入通道", "请取回证件，每次一人"),
            ("請進入通道", "請取回證件，每次一人"),
            ("Please step in", "Take your document. One person at a time"),
            (
                "Entre, por favor",
                "Retire o documento. Uma pessoa de cada vez",
            ),
        ],
        TravellerScreen::OnePersonOnly => [
            ("每次仅限一人", "其他旅客请退后等候"),
            ("每次只限一人", "其他旅客請退後等候"),
            ("One person at a time", "Everyone else, please step back"),
            (
                "Uma pessoa de cada vez",
                "As restantes pessoas devem recuar",
            ),
        ],
        TravellerScreen::Capture(coaching) => coaching_row(coaching),
        TravellerScreen::PleaseWait => [
            ("请稍候", "正在处理，请留在原位"),
            ("請稍候", "正在處理，請留在原位"),
            ("Please wait", "Please stay where you are"),
            ("Aguarde, por favor", "Permaneça onde está"),
        ],
        TravellerScreen::GoAhead => [
            ("请通行", "祝您旅途愉快"),
            ("請通行", "祝您旅途愉快"),
            ("Please go ahead", "Have a pleasant journey"),
            ("Pode avançar", "Boa viagem"),
        ],
        TravellerScreen::OfficerComes => [
            ("工作人员将协助您", "请留在原位，稍候片刻"),
            ("職員將會協助您", "請留在原位，稍候片刻"),
            ("An officer will help you", "Please wait here"),
            ("Um agente vem ajudar", "Aguarde aqui, por favor"),
        ],
        TravellerScreen::PleaseReturn => [
            ("请原路返回", "请前往人工柜台"),
            ("請原路返回", "請前往人工櫃檯"),
            ("Please go back", "Please go to the staffed counter"),
            (
                "Volte atrás, por favor",
                "Dirija-se ao balcão de atendimento",
            ),
        ],
        TravellerScreen::Evacuate => [
            ("紧急疏散", "请立即从开启的闸门离开"),
            ("緊急疏散", "請立即經已開啟的閘門離開"),
            ("Evacuate now", "Leave through the open gate"),
            ("Evacuação imediata", "Saia já pela porta aberta"),
        ],
    }
}

fn coaching_row(coaching: Coaching) -> Row {
    match coaching {
        Coaching::LookAtCamera => [
            ("请看镜头", "请露出整个面部"),
            ("請望向鏡頭", "請露出整個面部"),
            ("Look at the camera", "Keep your whole face visible"),
            ("Olhe para a câmara", "Mantenha todo o rosto visível"),
        ],
        Coaching::ComeCloser => [
            ("请靠近一点", "请看镜头"),
            ("請靠近一點", "請望向鏡頭"),
            ("Come a little closer", "Look at the camera"),
            ("Aproxime-se um pouco", "Olhe para a câmara"),
        ],
        Coaching::StepBack => [
            ("请后退一点", "请看镜头"),
            ("請退後一點", "請望向鏡頭"),
            ("Step back a little", "Look at the camera"),
            ("Recue um pouco", "Olhe para a câmara"),
        ],
        Coaching::FaceTheCamera => [
            ("请正对镜头", "头部不要转动或倾斜"),
            ("請正對鏡頭", "頭部不要轉動或傾斜"),
            ("Face the camera", "Keep your head straight"),
            ("Vire-se para a câmara", "Mantenha a cabeça direita"),
        ],
        Coaching::HoldStill => [
            ("请保持不动", "请看镜头"),
            ("請保持不動", "請望向鏡頭"),
            ("Hold still", "Look at the camera"),
            ("Não se mexa", "Olhe para a câmara"),
        ],
        Coaching::OneFaceOnly => [
            ("镜头前仅限一人", "其他旅客请退后"),
            ("鏡頭前只限一人", "其他旅客請退後"),
            ("One face only, please", "Everyone else, please step back"),
            ("Apenas um rosto", "As restantes pessoas devem recuar"),
        ],
        Coaching::MoveToTheMiddle => [
            ("请站到中间", "请看镜头"),
            ("請站到中間", "請望向鏡頭"),
            ("Move to the middle", "Look at the camera"),
            ("Coloque-se ao centro", "Olhe para a câmara"),
        ],
        Coaching::StandInTheLight => [
            ("请站到灯光下", "请面向镜头"),
            ("請站到燈光下", "請面向鏡頭"),
            ("Stand in the light", "Face the camera"),
            ("Fique na zona iluminada", "Vire o rosto para a câmara"),
        ],
        Coaching::OpenYourEyes => [
            ("请睁开眼睛", "请看镜头"),
            ("請張開眼睛", "請望向鏡頭"),
            ("Open your eyes", "Look at the camera"),
            ("Abra os olhos", "Olhe para a câmara"),
        ],
        Coaching::CloseYourMouth => [
            ("请闭上嘴", "请看镜头"),
            ("請合上嘴巴", "請望向鏡頭"),
            ("Close your mouth", "Look at the camera"),
            ("Feche a boca", "Olhe para a câmara"),
        ],
        Coaching::UncoverYourFace => [
            ("请露出面部", "请取下口罩和墨镜"),
            ("請露出面部", "請除下口罩和太陽眼鏡"),
            ("Uncover your face", "Take off mask and dark glasses"),
            ("Descubra o rosto", "Retire a máscara e os óculos escuros"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_screen_speaks_every_language() {
        for screen in TravellerScreen::all() {
            for language in Language::ALL {
                let Text { title, hint } = text(screen, language);
                for words in [title, hint] {
                    assert!(!words.trim().is_empty(), "{screen:?} in {language:?}");
                    assert_eq!(words, words.trim(), "{screen:?} in {language:?}");
                }
            }
        }
    }

    #[test]
    fn no_two_screens_share_a_title() {
        for language in Language::ALL {
            let screens = TravellerScreen::all();
            let titles: BTreeSet<_> = screens.iter().map(|s| text(*s, language).title).collect();
            assert_eq!(titles.len(), screens.len(), "{language:?}");
        }
    }

    /// The characters of each Chinese column that the other script writes differently.
    #[test]
    fn chinese_scripts_are_not_mixed() {
        let simplified_only = "请证页读区进仅员将协紧从开闸后头转倾镜对动点处个暂为无内数检关边单";
        let traditional_only =
            "請證頁讀閱區進僅員將協緊從開閘後頭轉傾鏡對動點處個暫為職檯無內數檢關邊單";
        for screen in TravellerScreen::all() {
            let hans = text(screen, Language::SimplifiedChinese);
            for c in hans.title.chars().chain(hans.hint.chars()) {
                assert!(!traditional_only.contains(c), "{c} in zh-Hans");
            }
            let hant = text(screen, Language::TraditionalChinese);
            for c in hant.title.chars().chain(hant.hint.chars()) {
                assert!(!simplified_only.contains(c), "{c} in zh-Hant");
            }
        }
    }

    /// DESIGN 2, invariant 5: nothing that hints at why.
    #[test]
    fn no_text_tells_a_reason_or_an_authority() {
        let forbidden = [
            "list",
            "match",
            "score",
            "police",
            "customs",
            "quarantine",
            "border",
            "risk",
            "alert",
            "suspect",
            "fail",
            "refus",
            "lista",
            "polícia",
            "alfândega",
            "quarentena",
            "fronteira",
            "名单",
            "名單",
            "比对",
            "比對",
            "边检",
            "邊檢",
            "海关",
            "海關",
            "检疫",
            "檢疫",
            "警",
            "分数",
            "分數",
            "拒",
            "可疑",
        ];
        for screen in TravellerScreen::all() {
            for language in Language::ALL {
                let Text { title, hint } = text(screen, language);
                let words = format!("{title} {hint}").to_lowercase();
                for word in forbidden {
                    assert!(
                        !words.contains(word),
                        "{screen:?} in {language:?} says {word}"
                    );
                }
            }
        }
    }
}
