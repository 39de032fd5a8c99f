//! What of a chip's PACE protocols this terminal can run.

use std::cmp::Reverse;

use crate::{
    domain_parameters::{DomainParameterError, DomainParameters, KeyAgreement},
    security_infos::{PaceInfo, PaceMapping, SecurityInfos},
};

/// A PACE protocol of the chip with its domain parameters.
#[derive(Debug, Clone)]
pub struct Offer {
    info: PaceInfo,
    parameters: DomainParameters,
    named: bool,
}

/// All PACE protocols of a chip.
#[derive(Debug, Default)]
pub struct Offers {
    /// Those that can be run, the preferred one first: Chip Authentication Mapping before the others, long keys before short ones,
    /// elliptic curves before prime fields, Generic before Integrated Mapping.
    pub usable: Vec<Offer>,
    /// The others.
    pub unusable: Vec<(PaceInfo, OfferError)>,
}

/// Why a PACE protocol cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Only version 2 is known.
    #[error("PACE version {0}")]
    Version(u32),
    /// No domain parameters bear the number, or there are several without number.
    #[error("no domain parameters for PACE")]
    NoParameters,
    /// The domain parameters are unknown, broken or of the wrong kind.
    #[error("domain parameters of PACE cannot be used")]
    Parameters(#[source] DomainParameterError),
    /// The Integrated Mapping is not defined for this group: P-224, or a prime field whose order is not stated.
    #[error("no Integrated Mapping in this group")]
    Mapping,
}

/// Numbers from here on are those of a PACEDomainParameterInfo (§9.5.1).
const PROPRIETARY_FIRST: u64 = 32;

/// What EF.CardAccess offers.
pub fn offers(infos: &SecurityInfos) -> Offers {
    let mut offers = Offers::default();
    let named = infos
        .pace
        .iter()
        .any(|info| info.parameter_id != infos.pace.first().and_then(|first| first.parameter_id));
    for info in &infos.pace {
        match Offer::within(info, infos, named) {
            Ok(offer) => offers.usable.push(offer),
            Err(error) => offers.unusable.push((info.clone(), error)),
        }
    }
    offers.usable.sort_by_key(|offer| {
        let protocol = offer.info.protocol;
        Reverse((
            protocol.mapping == PaceMapping::ChipAuthentication,
            protocol.cipher,
            protocol.agreement == KeyAgreement::Ecdh,
            protocol.mapping == PaceMapping::Generic,
            offer.parameters.prime_bits(),
        ))
    });
    offers
}

impl Offer {
    /// A protocol over standardised domain parameters that are the chip's only ones.
    pub fn standardized(info: &PaceInfo) -> Result<Self, OfferError> {
        let infos = SecurityInfos::default();
        Self::within(info, &infos, false)
    }

    /// The protocol.
    pub fn info(&self) -> &PaceInfo {
        &self.info
    }

    /// Its domain parameters.
    pub fn parameters(&self) -> &DomainParameters {
        &self.parameters
    }

    /// Whether MSE:Set AT must name the domain parameters, as the chip has several (tag `84`).
    pub fn is_ambiguous(&self) -> bool {
        self.named
    }

    /// Names the domain parameters in MSE:Set AT from the first attempt on.
    #[must_use]
    pub fn naming_parameters(mut self) -> Self {
        self.named = true;
        self
    }

    fn within(info: &PaceInfo, infos: &SecurityInfos, named: bool) -> Result<Self, OfferError> {
        if info.version != 2 {
            return Err(OfferError::Version(info.version));
        }
        let parameters = match info.parameter_id {
            Some(id) if id < PROPRIETARY_FIRST => {
                DomainParameters::standardized(id).map_err(OfferError::Parameters)?
            }
            id => proprietary(info, id, infos)?,
        };
        if parameters.agreement() != info.protocol.agreement {
            return Err(OfferError::Parameters(DomainParameterError::Algorithm));
        }
        if info.protocol.mapping == PaceMapping::Integrated && !parameters.has_integrated_mapping()
        {
            return Err(OfferError::Mapping);
        }
        Ok(Self {
            info: info.clone(),
            parameters,
            named,
        })
    }
}

fn proprietary(
    info: &PaceInfo,
    id: Option<u64>,
    infos: &SecurityInfos,
) -> Result<DomainParameters, OfferError> {
    let mut fitting = infos.pace_parameters.iter().filter(|parameters| {
        parameters.mapping == info.protocol.mapping
            && parameters.agreement == info.protocol.agreement
            && (id.is_none() || parameters.parameter_id == id)
    });
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => DomainParameters::from_algorithm_identifier(&one.algorithm)
            .map_err(OfferError::Parameters),
        (None, _) | (Some(_), Some(_)) => Err(OfferError::NoParameters),
    }
}
