//! Elements of EF.DG11, EF.DG12 and EF.DG16: a list of tags, then one data object for each.

use super::{
    DeviationKind, LdsError, PersonalBytes, PersonalDate, PersonalText,
    reader::{Notes, check_count},
};
use crate::{
    limits::{LDS_PERSONS_MAX, TLV_OBJECTS_MAX},
    tlv::{self, Tlv, TlvError},
};

/// The tag list of a file (ICAO 9303-10 §4.7.11).
const TAG_LIST: u32 = 0x5C;
/// The template around repeated elements.
const REPEATED: u32 = 0xA0;

/// The elements of one file; each is taken once, what is left is unknown.
pub(super) struct Elements<'a> {
    objects: Vec<Tlv<'a>>,
}

impl<'a> Elements<'a> {
    /// Reads the objects of one level.
    pub(super) fn new(body: &'a [u8]) -> Result<Self, TlvError> {
        let objects = tlv::children(body)?;
        Ok(Self { objects })
    }

    /// Compares the tag list with what is there. `repeated` is the element inside A0, which some lists name in its place.
    pub(super) fn check_tag_list(
        &mut self,
        repeated: u32,
        notes: &mut Notes,
    ) -> Result<(), LdsError> {
        let Some(list) = self.take(TAG_LIST, notes) else {
            notes.add(DeviationKind::NoTagList);
            return Ok(());
        };
        let canonical = |tag| if tag == repeated { REPEATED } else { tag };
        let listed: Vec<u32> = tags(list)?.into_iter().map(canonical).collect();
        let present: Vec<u32> = self.objects.iter().map(|o| canonical(o.tag)).collect();
        for tag in &listed {
            if !present.contains(tag) {
                notes.add(DeviationKind::ListedButAbsent(*tag));
            }
        }
        for tag in present {
            if !listed.contains(&tag) {
                notes.add(DeviationKind::PresentButUnlisted(tag));
            }
        }
        Ok(())
    }

    /// The text with this tag.
    pub(super) fn text(&mut self, tag: u32, notes: &mut Notes) -> Option<PersonalText> {
        let value = self.take(tag, notes)?;
        Some(PersonalText::read(tag, value, notes))
    }

    /// The date with this tag, of 8 or 14 digits.
    pub(super) fn date(
        &mut self,
        tag: u32,
        digits: usize,
        notes: &mut Notes,
    ) -> Option<PersonalDate> {
        let value = self.take(tag, notes)?;
        Some(PersonalDate::read(tag, digits, value, notes))
    }

    /// The bytes with this tag.
    pub(super) fn bytes(&mut self, tag: u32, notes: &mut Notes) -> Option<PersonalBytes> {
        self.take(tag, notes).map(PersonalBytes::read)
    }

    /// The texts with this tag inside the template A0, whose first object states how many there are. Some issuers leave the
    /// template out.
    pub(super) fn repeated_texts(
        &mut self,
        tag: u32,
        notes: &mut Notes,
    ) -> Result<Vec<PersonalText>, LdsError> {
        let mut texts = Vec::new();
        if let Some(template) = self.take(REPEATED, notes) {
            let inside = tlv::children(template)?;
            for object in inside.iter().filter(|object| object.tag != 0x02) {
                if object.tag != tag {
                    notes.add(DeviationKind::UnknownObject(object.tag));
                } else if texts.len() == LDS_PERSONS_MAX {
                    notes.add(DeviationKind::TooMany(LDS_PERSONS_MAX));
                } else {
                    texts.push(PersonalText::read(tag, object.value, notes));
                }
            }
            let found = inside.iter().filter(|object| object.tag == tag).count();
            check_count(&inside, found, notes);
        }
        if let Some(text) = self.text(tag, notes) {
            notes.add(DeviationKind::OutsideItsTemplate(tag));
            texts.push(text);
        }
        Ok(texts)
    }

    /// Notes every object that nobody took.
    pub(super) fn finish(self, notes: &mut Notes) {
        for object in self.objects {
            notes.add(DeviationKind::UnknownObject(object.tag));
        }
    }

    fn take(&mut self, tag: u32, notes: &mut Notes) -> Option<&'a [u8]> {
        let first = self.objects.iter().find(|object| object.tag == tag)?.value;
        let before = self.objects.len();
        self.objects.retain(|object| object.tag != tag);
        if before - self.objects.len() > 1 {
            notes.add(DeviationKind::RepeatedObject(tag));
        }
        Some(first)
    }
}

/// The tags of a tag list, one to three bytes each (ISO 7816-4 §5.2.2.1).
fn tags(list: &[u8]) -> Result<Vec<u32>, TlvError> {
    let mut tags = Vec::new();
    let mut bytes = list.iter();
    while let Some(first) = bytes.next() {
        let mut tag = u32::from(*first);
        let mut more = first & 0x1F == 0x1F;
        while more {
            if tag > 0xFFFF {
                return Err(TlvError::TagTooLong);
            }
            let next = bytes.next().ok_or(TlvError::Truncated)?;
            tag = tag << 8 | u32::from(*next);
            more = next & 0x80 != 0;
        }
        if tags.len() == TLV_OBJECTS_MAX {
            return Err(TlvError::TooMany);
        }
        tags.push(tag);
    }
    Ok(tags)
}
