//! Encodings and checksums.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::BASE32;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::go::fault::Text;
use crate::go::function::{Call, Outcome, finished};
use crate::go::value::Value;

fn bounded(text: &str) -> Outcome {
    let mut out = Text::new();
    out.push_str(text)?;
    Ok(finished(out))
}

pub(super) fn b64enc(call: &mut Call<'_>) -> Outcome {
    bounded(&BASE64.encode(call.text(0)?))
}

pub(super) fn b32enc(call: &mut Call<'_>) -> Outcome {
    bounded(&BASE32.encode(call.text(0)?.as_bytes()))
}

/// The decoded text, or the error as the text, as in sprig. Bytes that are no UTF-8 become replacement characters.
pub(super) fn b64dec(call: &mut Call<'_>) -> Outcome {
    let text = without_newlines(call.text(0)?);
    let decoded = BASE64.decode(&text).map_err(|_| {
        format!(
            "illegal base64 data at input byte {}",
            bad_byte(&text, is_base64, 4)
        )
    });
    Ok(shown(decoded))
}

pub(super) fn b32dec(call: &mut Call<'_>) -> Outcome {
    let text = without_newlines(call.text(0)?);
    let decoded = BASE32.decode(text.as_bytes()).map_err(|_| {
        format!(
            "illegal base32 data at input byte {}",
            bad_byte(&text, is_base32, 8)
        )
    });
    Ok(shown(decoded))
}

fn without_newlines(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn is_base32(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'2'..=b'7')
}

/// The first byte that does not belong to the alphabet, or where the group of digits starts that is not complete.
fn bad_byte(text: &str, is_digit: fn(u8) -> bool, group: usize) -> usize {
    let digits = text.trim_end_matches('=');
    let bad = digits.bytes().position(|byte| !is_digit(byte));
    bad.unwrap_or(digits.len() / group * group)
}

fn shown(decoded: Result<Vec<u8>, String>) -> Value {
    match decoded {
        Ok(bytes) => Value::text(String::from_utf8_lossy(&bytes)),
        Err(error) => Value::text(error),
    }
}

pub(super) fn sha1sum(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(hexadecimal(&Sha1::digest(call.text(0)?))))
}

pub(super) fn sha256sum(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(hexadecimal(&Sha256::digest(call.text(0)?))))
}

pub(super) fn sha512sum(call: &mut Call<'_>) -> Outcome {
    Ok(Value::text(hexadecimal(&Sha512::digest(call.text(0)?))))
}

fn hexadecimal(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(super) fn adler32sum(call: &mut Call<'_>) -> Outcome {
    const MODULUS: u32 = 65_521;
    let (low, high) = call
        .text(0)?
        .bytes()
        .fold((1u32, 0u32), |(low, high), byte| {
            let low = (low + u32::from(byte)) % MODULUS;
            (low, (high + low) % MODULUS)
        });
    Ok(Value::text((high << 16 | low).to_string()))
}
