//! The functions a Go template can call: Go's own, and what Flux takes of sprig 3.3.
//!
//! Flux takes the functions whose result depends on nothing but their arguments, and some more. Those that make
//! keys, certificates or password hashes are refused by name: what they make is a secret, and a commit message
//! is public. Clock and randomness come from [`Surroundings`](crate::Surroundings).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table gives every function one signature, also those that cannot fail"
)]

mod builtin;
mod cast;
mod constraint;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod json;
mod lists;
mod maths;
mod paths;
mod patterns;
#[cfg(test)]
mod tests;
mod text;
mod urls;
mod words;
mod wrap;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::go::function::Kind::{Any, Bool, Dict, Float, Int, Text, Time};
use crate::go::function::{Action, Function};

const fn fixed(params: &'static [crate::go::function::Kind], call: Body) -> Function {
    Function::fixed(params, call)
}

const fn variadic(
    params: &'static [crate::go::function::Kind],
    rest: crate::go::function::Kind,
    call: Body,
) -> Function {
    Function::variadic(params, rest, call)
}

type Body = fn(&mut crate::go::function::Call<'_>) -> crate::go::function::Outcome;

/// The function of this name.
pub(crate) fn function(name: &str) -> Option<Function> {
    static BY_NAME: LazyLock<BTreeMap<&'static str, Function>> =
        LazyLock::new(|| GO.iter().chain(SPRIG).copied().collect());
    BY_NAME.get(name).copied()
}

/// Why the function of this name is refused, if it is.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    REFUSED
        .iter()
        .find(|(refused, _)| *refused == name)
        .map(|(_, reason)| *reason)
}

const MAKES_KEYS: &str = "it makes keys or certificates, which do not belong in a commit message";
const MAKES_SECRETS: &str =
    "it works on passwords or secrets, which do not belong in a commit message";

/// What Flux has and a commit message has no use for.
const REFUSED: &[(&str, &str)] = &[
    ("bcrypt", MAKES_SECRETS),
    ("buildCustomCert", MAKES_KEYS),
    ("decryptAES", MAKES_SECRETS),
    ("derivePassword", MAKES_SECRETS),
    ("encryptAES", MAKES_SECRETS),
    ("genCA", MAKES_KEYS),
    ("genCAWithKey", MAKES_KEYS),
    ("genPrivateKey", MAKES_KEYS),
    ("genSelfSignedCert", MAKES_KEYS),
    ("genSelfSignedCertWithKey", MAKES_KEYS),
    ("genSignedCert", MAKES_KEYS),
    ("genSignedCertWithKey", MAKES_KEYS),
    ("htpasswd", MAKES_SECRETS),
];

/// Go's own functions. Sprig's `slice`, for lists only, takes the place of Go's.
const GO: &[(&str, Function)] = &[
    (
        "and",
        Function {
            params: &[Any],
            rest: Some(Any),
            action: Action::FirstThatIs(false),
        },
    ),
    (
        "call",
        Function {
            params: &[Any],
            rest: Some(Any),
            action: Action::CallValue,
        },
    ),
    ("eq", variadic(&[Any], Any, builtin::eq)),
    ("ge", fixed(&[Any, Any], builtin::ge)),
    ("gt", fixed(&[Any, Any], builtin::gt)),
    ("html", variadic(&[], Any, builtin::html)),
    ("index", variadic(&[Any], Any, builtin::index)),
    ("js", variadic(&[], Any, builtin::js)),
    ("le", fixed(&[Any, Any], builtin::le)),
    ("len", fixed(&[Any], builtin::len)),
    ("lt", fixed(&[Any, Any], builtin::lt)),
    ("ne", fixed(&[Any, Any], builtin::ne)),
    ("not", fixed(&[Any], builtin::not)),
    (
        "or",
        Function {
            params: &[Any],
            rest: Some(Any),
            action: Action::FirstThatIs(true),
        },
    ),
    ("print", variadic(&[], Any, builtin::print)),
    ("printf", variadic(&[Text], Any, builtin::printf)),
    ("println", variadic(&[], Any, builtin::println)),
    ("urlquery", variadic(&[], Any, builtin::urlquery)),
];

/// Sprig's functions.
const SPRIG: &[(&str, Function)] = &[
    // texts
    ("abbrev", fixed(&[Int, Text], text::abbrev)),
    ("abbrevboth", fixed(&[Int, Int, Text], text::abbrevboth)),
    ("camelcase", fixed(&[Text], words::camelcase)),
    ("cat", variadic(&[], Any, text::cat)),
    ("contains", fixed(&[Text, Text], text::contains)),
    ("hasPrefix", fixed(&[Text, Text], text::has_prefix)),
    ("hasSuffix", fixed(&[Text, Text], text::has_suffix)),
    ("hello", fixed(&[], text::hello)),
    ("indent", fixed(&[Int, Text], text::indent)),
    ("initials", fixed(&[Text], words::initials)),
    ("join", fixed(&[Text, Any], text::join)),
    ("kebabcase", fixed(&[Text], words::kebabcase)),
    ("lower", fixed(&[Text], words::lower)),
    ("nindent", fixed(&[Int, Text], text::nindent)),
    ("nospace", fixed(&[Text], text::nospace)),
    ("plural", fixed(&[Text, Text, Int], text::plural)),
    ("quote", variadic(&[], Any, text::quote)),
    ("repeat", fixed(&[Int, Text], text::repeat)),
    ("replace", fixed(&[Text, Text, Text], text::replace)),
    ("shuffle", fixed(&[Text], text::shuffle)),
    ("snakecase", fixed(&[Text], words::snakecase)),
    ("split", fixed(&[Text, Text], text::split)),
    ("splitList", fixed(&[Text, Text], text::split_list)),
    ("splitn", fixed(&[Text, Int, Text], text::splitn)),
    ("squote", variadic(&[], Any, text::squote)),
    ("substr", fixed(&[Int, Int, Text], text::substr)),
    ("swapcase", fixed(&[Text], words::swapcase)),
    ("title", fixed(&[Text], words::title)),
    ("toString", fixed(&[Any], text::to_string)),
    ("toStrings", fixed(&[Any], text::to_strings)),
    ("trim", fixed(&[Text], text::trim)),
    ("trimAll", fixed(&[Text, Text], text::trim_all)),
    ("trimPrefix", fixed(&[Text, Text], text::trim_prefix)),
    ("trimSuffix", fixed(&[Text, Text], text::trim_suffix)),
    ("trimall", fixed(&[Text, Text], text::trim_all)),
    ("trunc", fixed(&[Int, Text], text::trunc)),
    ("untitle", fixed(&[Text], words::untitle)),
    ("upper", fixed(&[Text], words::upper)),
    ("wrap", fixed(&[Int, Text], wrap::wrap)),
    ("wrapWith", fixed(&[Int, Text, Text], wrap::wrap_with)),
    // lists
    ("append", fixed(&[Any, Any], lists::append)),
    ("chunk", fixed(&[Int, Any], lists::chunk)),
    ("compact", fixed(&[Any], lists::compact)),
    ("concat", variadic(&[], Any, lists::concat)),
    ("first", fixed(&[Any], lists::first)),
    ("has", fixed(&[Any, Any], lists::has)),
    ("initial", fixed(&[Any], lists::initial)),
    ("last", fixed(&[Any], lists::last)),
    ("list", variadic(&[], Any, lists::list)),
    ("mustAppend", fixed(&[Any, Any], lists::append)),
    ("mustChunk", fixed(&[Int, Any], lists::chunk)),
    ("mustCompact", fixed(&[Any], lists::compact)),
    ("mustFirst", fixed(&[Any], lists::first)),
    ("mustHas", fixed(&[Any, Any], lists::has)),
    ("mustInitial", fixed(&[Any], lists::initial)),
    ("mustLast", fixed(&[Any], lists::last)),
    ("mustPrepend", fixed(&[Any, Any], lists::prepend)),
    ("mustPush", fixed(&[Any, Any], lists::append)),
    ("mustRest", fixed(&[Any], lists::rest)),
    ("mustReverse", fixed(&[Any], lists::reverse)),
    ("mustSlice", variadic(&[Any], Any, lists::slice)),
    ("mustUniq", fixed(&[Any], lists::uniq)),
    ("mustWithout", variadic(&[Any], Any, lists::without)),
    ("prepend", fixed(&[Any, Any], lists::prepend)),
    ("push", fixed(&[Any, Any], lists::append)),
    ("rest", fixed(&[Any], lists::rest)),
    ("reverse", fixed(&[Any], lists::reverse)),
    ("slice", variadic(&[Any], Any, lists::slice)),
    ("sortAlpha", fixed(&[Any], lists::sort_alpha)),
    ("tuple", variadic(&[], Any, lists::list)),
    ("uniq", fixed(&[Any], lists::uniq)),
    ("without", variadic(&[Any], Any, lists::without)),
    // dictionaries
    ("deepCopy", fixed(&[Any], dicts::deep_copy)),
    ("dict", variadic(&[], Any, dicts::dict)),
    ("dig", variadic(&[], Any, dicts::dig)),
    ("get", fixed(&[Dict, Text], dicts::get)),
    ("hasKey", fixed(&[Dict, Text], dicts::has_key)),
    ("keys", variadic(&[], Dict, dicts::keys)),
    ("merge", variadic(&[Dict], Dict, dicts::merge)),
    (
        "mergeOverwrite",
        variadic(&[Dict], Dict, dicts::merge_overwrite),
    ),
    ("mustDeepCopy", fixed(&[Any], dicts::deep_copy)),
    ("mustMerge", variadic(&[Dict], Dict, dicts::merge)),
    (
        "mustMergeOverwrite",
        variadic(&[Dict], Dict, dicts::merge_overwrite),
    ),
    ("omit", variadic(&[Dict], Text, dicts::omit)),
    ("pick", variadic(&[Dict], Text, dicts::pick)),
    ("pluck", variadic(&[Text], Dict, dicts::pluck)),
    ("set", fixed(&[Dict, Text, Any], dicts::set)),
    ("unset", fixed(&[Dict, Text], dicts::unset)),
    ("values", fixed(&[Dict], dicts::values)),
    // numbers
    ("add", variadic(&[], Any, maths::add)),
    ("add1", fixed(&[Any], maths::add1)),
    ("add1f", fixed(&[Any], maths::add1f)),
    ("addf", variadic(&[], Any, maths::addf)),
    ("atoi", fixed(&[Text], maths::atoi)),
    ("biggest", variadic(&[Any], Any, maths::max)),
    ("ceil", fixed(&[Any], maths::ceil)),
    ("div", fixed(&[Any, Any], maths::div)),
    ("divf", variadic(&[Any], Any, maths::divf)),
    ("float64", fixed(&[Any], maths::float64)),
    ("floor", fixed(&[Any], maths::floor)),
    ("int", fixed(&[Any], maths::int)),
    ("int64", fixed(&[Any], maths::int64)),
    ("max", variadic(&[Any], Any, maths::max)),
    ("maxf", variadic(&[Any], Any, maths::maxf)),
    ("min", variadic(&[Any], Any, maths::min)),
    ("minf", variadic(&[Any], Any, maths::minf)),
    ("mod", fixed(&[Any, Any], maths::modulo)),
    ("mul", variadic(&[Any], Any, maths::mul)),
    ("mulf", variadic(&[Any], Any, maths::mulf)),
    ("randInt", fixed(&[Int, Int], maths::rand_int)),
    ("round", variadic(&[Any, Int], Float, maths::round)),
    ("seq", variadic(&[], Int, maths::seq)),
    ("sub", fixed(&[Any, Any], maths::sub)),
    ("subf", variadic(&[Any], Any, maths::subf)),
    ("toDecimal", fixed(&[Any], maths::to_decimal)),
    ("until", fixed(&[Int], maths::until)),
    ("untilStep", fixed(&[Int, Int, Int], maths::until_step)),
    // dates
    ("ago", fixed(&[Any], dates::ago)),
    ("duration", fixed(&[Any], dates::duration)),
    ("durationRound", fixed(&[Any], dates::duration_round)),
    (
        "mustDateModify",
        fixed(&[Text, Time], dates::must_date_modify),
    ),
    ("mustToDate", fixed(&[Text, Text], dates::must_to_date)),
    (
        "must_date_modify",
        fixed(&[Text, Time], dates::must_date_modify),
    ),
    ("toDate", fixed(&[Text, Text], dates::to_date)),
    ("unixEpoch", fixed(&[Time], dates::unix_epoch)),
    // defaults, types, flow
    ("all", variadic(&[], Any, defaults::all)),
    ("any", variadic(&[], Any, defaults::any)),
    ("coalesce", variadic(&[], Any, defaults::coalesce)),
    ("deepEqual", fixed(&[Any, Any], defaults::deep_equal)),
    ("default", variadic(&[Any], Any, defaults::default)),
    ("empty", fixed(&[Any], defaults::empty)),
    ("fail", fixed(&[Text], defaults::fail)),
    ("kindIs", fixed(&[Text, Any], defaults::kind_is)),
    ("kindOf", fixed(&[Any], defaults::kind_of)),
    ("ternary", fixed(&[Any, Any, Bool], defaults::ternary)),
    ("typeIs", fixed(&[Text, Any], defaults::type_is)),
    ("typeIsLike", fixed(&[Text, Any], defaults::type_is_like)),
    ("typeOf", fixed(&[Any], defaults::type_of)),
    // regular expressions
    ("mustRegexFind", fixed(&[Text, Text], patterns::find)),
    (
        "mustRegexFindAll",
        fixed(&[Text, Text, Int], patterns::find_all),
    ),
    ("mustRegexMatch", fixed(&[Text, Text], patterns::must_match)),
    (
        "mustRegexReplaceAll",
        fixed(&[Text, Text, Text], patterns::replace_all),
    ),
    (
        "mustRegexReplaceAllLiteral",
        fixed(&[Text, Text, Text], patterns::replace_all_literal),
    ),
    ("mustRegexSplit", fixed(&[Text, Text, Int], patterns::split)),
    ("regexFind", fixed(&[Text, Text], patterns::find)),
    (
        "regexFindAll",
        fixed(&[Text, Text, Int], patterns::find_all),
    ),
    ("regexMatch", fixed(&[Text, Text], patterns::is_match)),
    ("regexQuoteMeta", fixed(&[Text], patterns::quote_meta)),
    (
        "regexReplaceAll",
        fixed(&[Text, Text, Text], patterns::replace_all),
    ),
    (
        "regexReplaceAllLiteral",
        fixed(&[Text, Text, Text], patterns::replace_all_literal),
    ),
    ("regexSplit", fixed(&[Text, Text, Int], patterns::split)),
    // encodings and hashes
    ("adler32sum", fixed(&[Text], encoding::adler32sum)),
    ("b32dec", fixed(&[Text], encoding::b32dec)),
    ("b32enc", fixed(&[Text], encoding::b32enc)),
    ("b64dec", fixed(&[Text], encoding::b64dec)),
    ("b64enc", fixed(&[Text], encoding::b64enc)),
    ("fromJson", fixed(&[Text], json::from_json)),
    ("mustFromJson", fixed(&[Text], json::must_from_json)),
    ("mustToJson", fixed(&[Any], json::must_to_json)),
    ("mustToPrettyJson", fixed(&[Any], json::must_to_pretty_json)),
    ("mustToRawJson", fixed(&[Any], json::to_raw_json)),
    ("sha1sum", fixed(&[Text], encoding::sha1sum)),
    ("sha256sum", fixed(&[Text], encoding::sha256sum)),
    ("sha512sum", fixed(&[Text], encoding::sha512sum)),
    ("toJson", fixed(&[Any], json::to_json)),
    ("toPrettyJson", fixed(&[Any], json::to_pretty_json)),
    ("toRawJson", fixed(&[Any], json::to_raw_json)),
    // paths, versions, URLs
    ("base", fixed(&[Text], paths::base)),
    ("clean", fixed(&[Text], paths::clean)),
    ("dir", fixed(&[Text], paths::dir)),
    ("ext", fixed(&[Text], paths::ext)),
    ("isAbs", fixed(&[Text], paths::is_abs)),
    ("osBase", fixed(&[Text], paths::base)),
    ("osClean", fixed(&[Text], paths::clean)),
    ("osDir", fixed(&[Text], paths::dir)),
    ("osExt", fixed(&[Text], paths::ext)),
    ("osIsAbs", fixed(&[Text], paths::is_abs)),
    ("semver", fixed(&[Text], constraint::semver)),
    (
        "semverCompare",
        fixed(&[Text, Text], constraint::semver_compare),
    ),
    ("urlJoin", fixed(&[Dict], urls::url_join)),
    ("urlParse", fixed(&[Text], urls::url_parse)),
];
