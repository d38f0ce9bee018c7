use proptest::prelude::*;

use super::*;

fn value(text: &str) -> Option<f64> {
    Number::parse(text).map(|number| number.0)
}

#[test]
fn numbers_are_those_that_go_reads() {
    let table = [
        ("1", 1.0),
        ("-1", -1.0),
        ("+1", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("007", 7.0),
        ("1_000", 1000.0),
        ("0x1p-2", 0.25),
        ("0X1.8P1", 3.0),
        ("0x_1p1", 2.0),
        ("0x.8p0", 0.5),
        ("-0x10p0", -16.0),
        ("inf", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("+INF", f64::INFINITY),
        ("1e-400", 0.0),
        ("1700000000", 1_700_000_000.0),
        ("999999999999999", 999_999_999_999_999.0),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("1.7976931348623157e308", f64::MAX),
    ];
    for (text, number) in table {
        assert_eq!(value(text), Some(number), "{text}");
    }
    assert!(value("NaN").unwrap().is_nan() && value("nan").unwrap().is_nan());
}

#[test]
fn other_texts_are_no_numbers() {
    let table = [
        "",
        " 1",
        "1 ",
        "1.2.3",
        "0x10",
        "0x",
        "0xp1",
        "0x.p1",
        "0x1p",
        "0x1p+",
        "1e400",
        "-1e400",
        "0x1p1024",
        "1e",
        "e1",
        ".",
        "-",
        "+-1",
        "+nan",
        "-NaN",
        "infinit",
        "infinityx",
        "_1",
        "1_",
        "1__0",
        "1_.0",
        "1e_5",
        "0x1p_1",
        "0_x1p1",
        "0b1",
        "0o7",
        "1f",
        "é",
        "0xé",
    ];
    for text in table {
        assert_eq!(value(text), None, "{text}");
    }
}

#[test]
fn hexadecimal_numbers_are_rounded_once_to_even() {
    let table = [
        ("0x1.fffffffffffff7p1023", f64::MAX),
        ("0x1.00000000000008p0", 1.0),
        ("0x1.00000000000008000000000000001p0", 1.0 + f64::EPSILON),
        ("0x1.00000000000018p0", 1.0 + 2.0 * f64::EPSILON),
        ("0x1p-1074", f64::from_bits(1)),
        ("0x1p-1075", 0.0),
        ("0x1.8p-1075", f64::from_bits(1)),
        ("0x0.fffffffffffff8p-1022", f64::MIN_POSITIVE),
        ("0x1p-9999999999999999999999", 0.0),
        ("0x0p9999999999999999999999", 0.0),
    ];
    for (text, number) in table {
        assert_eq!(
            value(text).map(f64::to_bits),
            Some(number.to_bits()),
            "{text}"
        );
    }
    assert_eq!(value("0x1.fffffffffffff8p1023"), None);
}

#[test]
fn nan_is_the_worst_in_either_direction() {
    let nan = Number(f64::NAN);
    for other in [f64::NEG_INFINITY, -1.0, 0.0, f64::INFINITY].map(Number) {
        assert!(nan < other && nan.negated() < other && nan < other.negated());
    }
    assert_eq!(nan, nan);
    assert_eq!(Number(0.0), Number(-0.0));
}

proptest! {
    #[test]
    fn what_a_float_prints_is_read_back(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
        prop_assert_eq!(value(&format!("{number:?}")), Some(number));
        let bits = number.abs().to_bits();
        let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
        let (lead, exponent) = if exponent == 0 { (0, -1022) } else { (1, i64::try_from(exponent).unwrap() - 1023) };
        prop_assert_eq!(value(&format!("0x{lead}.{fraction:013x}p{exponent}")), Some(number.abs()));
    }

    #[test]
    fn order_is_total(a in any::<f64>(), b in any::<f64>(), c in any::<f64>()) {
        let (a, b, c) = (Number(a), Number(b), Number(c));
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert!(!(a <= b && b <= c) || a <= c);
    }

    #[test]
    fn parsing_is_total(text in "[0-9a-fxpXPeE._+-]{0,14}|\\PC{0,8}") {
        let _ = Number::parse(&text);
    }
}
