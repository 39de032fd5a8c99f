//! The paths of version 1, so that both ends write them the same way. Ids are safe in paths by their alphabet.

use egate_types::{AuthorityId, InspectionId, LaneId, UtcTime};

/// `PUT` opens an inspection.
pub fn inspection(authority: &AuthorityId, inspection: InspectionId) -> String {
    format!("/v1/authorities/{authority}/inspections/{inspection}")
}

/// `POST` asks for the verdict over the frozen evidence.
pub fn verdict(authority: &AuthorityId, inspection: InspectionId) -> String {
    format!("/v1/authorities/{authority}/inspections/{inspection}/verdict")
}

/// `PUT` calls an officer.
pub fn referral(authority: &AuthorityId, inspection: InspectionId) -> String {
    format!("/v1/authorities/{authority}/inspections/{inspection}/referral")
}

/// `PUT` hands over the record of an ended inspection.
pub fn record(authority: &AuthorityId, inspection: InspectionId) -> String {
    format!("/v1/authorities/{authority}/inspections/{inspection}/record")
}

/// `PUT` hands over the face comparisons that a lane counted from `began_at` on.
pub fn comparisons(authority: &AuthorityId, lane: &LaneId, began_at: UtcTime) -> String {
    let began_ms = began_at.0;
    format!("/v1/authorities/{authority}/lanes/{lane}/comparisons/{began_ms}")
}

/// `PUT` shows the lane to the authority's officers.
pub fn view(authority: &AuthorityId, lane: &LaneId) -> String {
    format!("/v1/authorities/{authority}/lanes/{lane}/view")
}

/// `GET` waits up to `wait_ms` for decisions with a sequence number above `after`.
pub fn decisions(authority: &AuthorityId, lane: &LaneId, after: u64, wait_ms: u64) -> String {
    format!("/v1/authorities/{authority}/lanes/{lane}/decisions?after={after}&wait_ms={wait_ms}")
}
