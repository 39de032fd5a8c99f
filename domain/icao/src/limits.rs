//! Every bound of this crate, with its unit and its reason.

/// Bytes of one file of the chip: twice the memory of the largest chips in use; the largest portrait file seen is 21 KB.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// Commands of one reading session, restarts included: the largest file in blocks of 128 bytes, and as many again for the rest.
pub const SESSION_COMMANDS_MAX: u32 = 4_096;

/// How often a session that the chip dropped is opened again: once for every block size that it may have dropped it for.
pub const SESSION_RESTARTS_MAX: u32 = 5;

/// PACE protocols tried until the chip begins one; documents offer one to three.
pub const PACE_OFFERS_MAX: usize = 3;

/// Bytes asked for first of each file where the chip refuses to read past the end: tag and length of files up to 64 KB; twice as many
/// hold those of any file. No file of the data structure is smaller.
pub const HEADER_BYTES: usize = 4;

/// Largest block in bytes: two for a usual portrait. Larger ones save little and would hold one command for seconds at 106 kbit/s.
pub const BLOCK_BYTES_MAX: usize = 8_000;

/// Smaller blocks in bytes, tried from the left. 1000 needs extended length; some chips take only 192, 160 or 128. What fits a short
/// answer, 231 or 223 with the protection, is tried between the first two.
pub const BLOCK_BYTES_STEPS: [usize; 4] = [1_000, 192, 160, 128];

/// Depth of nested data objects; the deepest real one (a certificate inside EF.SOD) has 14.
pub const TLV_DEPTH_MAX: usize = 32;

/// Data objects of one level; a security object names at most 16 data groups, a name some ten attributes.
pub const TLV_OBJECTS_MAX: usize = 256;

/// Faces in EF.DG2 that are looked at; documents carry one.
pub const DG2_FACES_MAX: usize = 8;

/// Years an expiry date may lie ahead: ten years of validity, and five for the oddities.
pub const EXPIRY_YEARS_AHEAD_MAX: i32 = 15;

/// Bits of an RSA modulus that still prove something; documents of the first years hold keys of 1024 bits, fewer can be
/// factored at home.
pub const RSA_MODULUS_BITS_MIN: i32 = 1_024;

/// Data objects of one level in files that are lists: a deviation list names some 170,000 document numbers.
pub const DER_OBJECTS_MAX: usize = 400_000;

/// Bits of an RSA modulus that are computed with; the largest real one seen has 6144.
pub const RSA_MODULUS_BITS_MAX: i32 = 8_192;

/// Bits of an elliptic curve's order that still prove something; old documents use 160 and 192, ICAO asks for 224 or more.
pub const EC_ORDER_BITS_MIN: i32 = 160;

/// Bytes of a field element; the largest field in use has 521 bits.
pub const EC_FIELD_BYTES_MAX: usize = 66;

/// Bytes of a certificate reference: country of 2, mnemonic of 9, sequence number of 5 (BSI TR-03110-3 appendix A.6.1).
pub const CV_REFERENCE_BYTES_MAX: usize = 16;

/// Certificates between the key that a chip trusts and a terminal: two of document verifier and terminal, and a link for each
/// renewal of the root during ten years of a document's life.
pub const CV_CHAIN_MAX: usize = 8;

/// Entries of one set of SecurityInfos; the richest EF.DG14 seen has some ten.
pub const SECURITY_INFOS_MAX: usize = 64;

/// Bits of the field of an elliptic curve: from the smallest standardised curve to the largest.
pub const EC_FIELD_BITS: std::ops::RangeInclusive<i32> = 160..=521;

/// Bits of a Diffie-Hellman prime: from the smallest standardised group to what a terminal computes without delay.
pub const DH_PRIME_BITS: std::ops::RangeInclusive<i32> = 1024..=4096;

/// Response bytes that fit a protected short response with every cipher: with AES, 223 bytes and padding fill 14 blocks, and 239
/// with all data objects leave no room for another.
pub const PROTECTED_SHORT_BYTES_MAX: usize = 223;

/// Bytes of an answer in pieces: the longest signature of an RSA key, or the longest public key, with its protection, and room.
pub const CHAINED_BYTES_MAX: usize = 4_096;

/// Bytes of the encrypted nonce of PACE: two blocks of AES in the Integrated Mapping, one otherwise.
pub const PACE_NONCE_BYTES_MAX: usize = 64;

/// Bytes of a signed list; the largest deviation list has some 3 MB.
pub const LIST_BYTES_MAX: usize = 32 << 20;

/// Characters of a machine readable zone that may be taken for misread at once; a scan with more is worth another scan.
pub const MRZ_SUBSTITUTIONS_MAX: usize = 4;

/// Candidates listed for one zone; an officer reads no more, and two already mean that nothing is certain.
pub const MRZ_CANDIDATES_MAX: usize = 8;

/// Bytes of a file of the data structure, however it came here: chips hold some 100 KB in all, files on disk may hold the
/// largest published sample (ISO's own face image data block, 894 KB).
pub const LDS_FILE_BYTES_MAX: usize = 2 << 20;

/// Departures from the standard recorded for one file; the rest would say nothing new.
pub const LDS_DEVIATIONS_MAX: usize = 32;

/// Biometric templates, displayed images and applications of one file: two eyes, ten fingers, and room.
pub const LDS_TEMPLATES_MAX: usize = 16;

/// Other names, other persons and persons to notify of one file; the template tags of EF.DG16 end at AF.
pub const LDS_PERSONS_MAX: usize = 16;

/// Landmarks of one face: MPEG-4 and anthropometric points together are below 300.
pub const LDS_LANDMARKS_MAX: u32 = 1024;

/// Bytes of a coded image: a chip's portrait has 12 to 40 KB, ISO's sample 894 KB.
pub const IMAGE_BYTES_MAX: usize = 1 << 20;

/// Pixels of a side of an image.
pub const IMAGE_SIDE_PX_MAX: u32 = 4096;

/// Pixels of an image; portraits have 0.2 to 1 million. A JPEG 2000 image of this size takes some 60 MB while it is decoded,
/// and one made to be slow (every bit-plane of every code-block coded) two to three seconds.
pub const IMAGE_PIXELS_MAX: u64 = 2 << 20;

/// Scans of a progressive JPEG; encoders write about ten.
pub const JPEG_SCANS_MAX: usize = 32;

/// Boxes before the codestream of a JP2 file; five are usual.
pub const JPEG2000_BOXES_MAX: usize = 32;
/// Tiles of a JPEG 2000 image; portraits have one.
pub const JPEG2000_TILES_MAX: u64 = 256;
/// Tile-parts of all tiles together.
pub const JPEG2000_TILE_PARTS_MAX: u64 = 1024;
/// Precincts and code-blocks of a tile, once for each quality layer: some 100 bytes of memory each.
pub const JPEG2000_BLOCKS_MAX: u64 = 1 << 19;
/// Quality layers; encoders write one to twenty.
pub const JPEG2000_LAYERS_MAX: u64 = 32;
/// How many times coarser a component's samples may lie than the pixels.
pub const JPEG2000_SUBSAMPLING_MAX: u8 = 4;

/// Certificates of one master list; the largest list has 588.
pub const MASTER_LIST_CERTIFICATES_MAX: usize = 4_096;

/// Links between a document signer and its trust anchor: a state renews its key every three to five years, and a
/// document lives ten.
pub const CHAIN_LINKS_MAX: usize = 8;

/// Certificates that may bear the issuer's name or key; the largest state has some twenty in all lists.
pub const ISSUER_CANDIDATES_MAX: usize = 256;

/// Bytes of one file in evidence: more than any chip holds, less than a burden.
pub const EVIDENCE_FILE_BYTES_MAX: usize = 2 << 20;
