//! What browsers send to the console: forms that were made for the very session, and nothing else.

use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
    http::StatusCode,
};

use super::{PageError, SignedIn};
use crate::{
    app::{App, AppError, lists::ListOfficer},
    store::StoredOfficer,
};

/// Names and values in the order in which they stood.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of that name; empty if there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        let mut of_name = self.0.iter().filter(|(other, _)| other == name);
        of_name.next().map_or("", |(_, value)| value)
    }

    /// All values of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.0.iter().filter(move |(other, _)| other == name);
        of_name.map(|(_, value)| value.as_str())
    }
}

/// A form of a signed-in officer. A handler that takes it can change something; there is none without the session's token.
pub(super) struct Submitted {
    pub(super) officer: StoredOfficer,
    /// Of the session.
    pub(super) secret: String,
    pub(super) fields: Fields,
}

impl FromRequest<App> for Submitted {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let SignedIn { officer, secret } = SignedIn::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, body);
        let form = Form::<Vec<(String, String)>>::from_request(request, app).await;
        let Form(fields) = form.map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => AppError::FormTooLarge,
            // A body that is no form carries no token either.
            _ => AppError::WrongCsrf,
        })?;
        let fields = Fields(fields);
        if fields.one("csrf") != officer.csrf {
            return Err(AppError::WrongCsrf.into());
        }
        Ok(Self {
            officer,
            secret,
            fields,
        })
    }
}

/// The same of an officer who maintains lists.
pub(super) struct KeeperForm {
    pub(super) officer: ListOfficer,
    pub(super) fields: Fields,
}

impl FromRequest<App> for KeeperForm {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &App) -> Result<Self, PageError> {
        let Submitted {
            officer, fields, ..
        } = Submitted::from_request(request, app).await?;
        let officer = ListOfficer::of(officer)?;
        Ok(Self { officer, fields })
    }
}
