//! Signatures of tokens, verified by the cryptography that TLS uses as well. Symmetric algorithms do not exist here.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature as verify;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the algorithms of this module those of the process.
pub(super) fn install() {
    // A second installation finds the first, which is the same.
    let _ = PROVIDER.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is jsonwebtoken's")]
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is jsonwebtoken's")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if algorithm.family() != key.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(Verifier { algorithm: *algorithm, key: key.clone() }))
}

struct Verifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Verifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl signature::Verifier<Vec<u8>> for Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let rsa: &verify::RsaParameters = match self.algorithm {
            Algorithm::RS256 => &verify::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RS384 => &verify::RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RS512 => &verify::RSA_PKCS1_2048_8192_SHA512,
            Algorithm::PS256 => &verify::RSA_PSS_2048_8192_SHA256,
            Algorithm::PS384 => &verify::RSA_PSS_2048_8192_SHA384,
            Algorithm::PS512 => &verify::RSA_PSS_2048_8192_SHA512,
            Algorithm::ES256 => return self.raw(&verify::ECDSA_P256_SHA256_FIXED, message, signature),
            Algorithm::ES384 => return self.raw(&verify::ECDSA_P384_SHA384_FIXED, message, signature),
            Algorithm::EdDSA => return self.raw(&verify::ED25519, message, signature),
            _ => return Err(signature::Error::new()),
        };
        match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => verify::RsaPublicKeyComponents { n, e }
                .verify(rsa, message, signature)
                .map_err(|_| signature::Error::new()),
            DecodingKeyKind::SecretOrDer(_) => Err(signature::Error::new()),
        }
    }
}

impl Verifier {
    fn raw(
        &self,
        algorithm: &'static dyn verify::VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), signature::Error> {
        match self.key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => verify::UnparsedPublicKey::new(algorithm, bytes)
                .verify(message, signature)
                .map_err(|_| signature::Error::new()),
            DecodingKeyKind::RsaModulusExponent { .. } => Err(signature::Error::new()),
        }
    }
}
