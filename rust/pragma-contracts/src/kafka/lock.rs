//! Schema ids from contracts.lock: what `pragma-contracts register` wrote, by registry URL and subject.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::contract::Binding;
use crate::{Error, Result};

const VARIABLE: &str = "PRAGMA_CONTRACTS_LOCK";
const FORMAT: u64 = 1;

/// The subjects of one registry in a lock.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    path: String,
    subjects: serde_json::Map<String, Value>,
}

impl Lock {
    /// The lock that is given, or that PRAGMA_CONTRACTS_LOCK names; `registry` chooses when it has several registries.
    ///
    /// # Errors
    /// [`Error::Lock`]: it is missing, damaged, or does not have the registry.
    pub(crate) fn find(given: Option<&Path>, registry: Option<&str>) -> Result<Option<Self>> {
        let named = std::env::var_os(VARIABLE)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        given
            .map(Path::to_owned)
            .or(named)
            .map(|path| Self::read(&path, registry))
            .transpose()
    }

    /// The schema id of a contract.
    ///
    /// # Errors
    /// [`Error::Lock`]: the lock does not have it, or has that of another schema.
    pub(crate) fn id_of(&self, contract: &Binding) -> Result<u32> {
        let Binding {
            name,
            subject,
            version,
            fingerprint,
            ..
        } = contract;
        let entry = self.subjects.get(*subject).ok_or_else(|| {
            self.error(format!(
                "does not have {subject}; run `pragma-contracts register` again"
            ))
        })?;
        let locked = entry
            .get("fingerprint")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if locked != *fingerprint {
            return Err(self.error(format!(
                "{subject}: was written for another schema (fingerprint {}…) than this crate's {name} {version} ({}…); \
                 run `pragma-contracts register` again, or use the version of the crate that it was written with",
                short(locked),
                short(fingerprint),
            )));
        }
        id(entry).ok_or_else(|| self.error(format!("{subject} has no schema id")))
    }

    /// Every schema id with its subject.
    pub(crate) fn subjects(&self) -> Vec<(u32, String)> {
        self.subjects
            .iter()
            .filter_map(|(subject, entry)| Some((id(entry)?, subject.clone())))
            .collect()
    }

    fn read(path: &Path, registry: Option<&str>) -> Result<Self> {
        let error = |problem: String| Error::Lock {
            path: path.display().to_string(),
            problem,
        };
        let text = std::fs::read_to_string(path).map_err(|cause| {
            error(format!(
                "cannot be read ({cause}); `pragma-contracts register` writes it"
            ))
        })?;
        let again = "remove it and run `pragma-contracts register`";
        let whole: Value = serde_json::from_str(&text)
            .map_err(|cause| error(format!("is no JSON ({cause}); {again}")))?;
        if whole.get("format").and_then(Value::as_u64) != Some(FORMAT) {
            return Err(error(format!("is not of format {FORMAT}; {again}")));
        }
        let registries = whole
            .get("registries")
            .and_then(Value::as_object)
            .ok_or_else(|| error(format!("is damaged; {again}")))?;
        let known = || registries.keys().cloned().collect::<Vec<_>>().join(", ");
        let chosen = match registry {
            // The URL is not quoted: somebody may have written a password into it.
            Some(url) => registries
                .get(url.trim_end_matches('/'))
                .ok_or_else(|| error(format!("does not have that registry; it has {}", known())))?,
            None if registries.len() == 1 => registries
                .values()
                .next()
                .ok_or_else(|| error(format!("is damaged; {again}")))?,
            None => {
                return Err(error(format!(
                    "has the registries {}; choose one with registry()",
                    known()
                )));
            }
        };
        let subjects = chosen
            .as_object()
            .ok_or_else(|| error(format!("is damaged; {again}")))?;
        Ok(Self {
            path: path.display().to_string(),
            subjects: subjects.clone(),
        })
    }

    fn error(&self, problem: String) -> Error {
        Error::Lock {
            path: self.path.clone(),
            problem,
        }
    }
}

fn id(entry: &Value) -> Option<u32> {
    u32::try_from(entry.get("schema_id")?.as_u64()?).ok()
}

fn short(fingerprint: &str) -> &str {
    fingerprint.get(..12).unwrap_or(fingerprint)
}
