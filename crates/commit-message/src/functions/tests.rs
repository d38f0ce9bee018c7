use std::collections::BTreeSet;

use super::{GO, REFUSED, SPRIG};

/// What Flux offers of sprig 3.3.0: its generic functions without those that depend on clock, environment,
/// network or randomness, but with a few that do after all.
const FLUX: &str = "
    hello ago duration durationRound must_date_modify mustDateModify mustToDate toDate unixEpoch abbrev abbrevboth
    trunc trim upper lower title untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace initials swapcase
    shuffle snakecase camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote cat indent nindent
    replace plural sha1sum sha256sum sha512sum adler32sum toString atoi int64 int float64 seq toDecimal split
    splitList splitn toStrings until untilStep add1 add sub div mod mul randInt add1f addf subf divf mulf biggest max
    min maxf minf ceil floor round join sortAlpha default empty coalesce all any compact mustCompact fromJson toJson
    toPrettyJson toRawJson mustFromJson mustToJson mustToPrettyJson mustToRawJson ternary deepCopy mustDeepCopy typeOf
    typeIs typeIsLike kindOf kindIs deepEqual base dir clean ext isAbs osBase osClean osDir osExt osIsAbs b64enc
    b64dec b32enc b32dec tuple list dict get set unset hasKey pluck keys pick omit merge mergeOverwrite mustMerge
    mustMergeOverwrite values append mustAppend push mustPush prepend mustPrepend first mustFirst rest mustRest last
    mustLast initial mustInitial reverse mustReverse uniq mustUniq without mustWithout has mustHas slice mustSlice
    concat dig chunk mustChunk bcrypt htpasswd genPrivateKey derivePassword buildCustomCert genCA genCAWithKey
    genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey encryptAES decryptAES semver
    semverCompare fail regexMatch mustRegexMatch regexFindAll mustRegexFindAll regexFind mustRegexFind
    regexReplaceAll mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit mustRegexSplit
    regexQuoteMeta urlParse urlJoin";

const BUILT_IN: &str =
    "and or not len index print printf println html js urlquery call eq ne lt le gt ge";

fn names(list: &'static str) -> BTreeSet<&'static str> {
    list.split_whitespace().collect()
}

#[test]
fn the_functions_are_exactly_those_of_flux() {
    let ours: BTreeSet<&str> = SPRIG
        .iter()
        .map(|(name, _)| *name)
        .chain(REFUSED.iter().map(|(name, _)| *name))
        .collect();
    assert_eq!(ours, names(FLUX));
    assert_eq!(ours.len(), 194);
}

#[test]
fn the_built_in_functions_are_exactly_go_s() {
    // Go's `slice` is hidden by sprig's.
    assert_eq!(
        GO.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(),
        names(BUILT_IN)
    );
}

#[test]
fn no_function_is_listed_twice() {
    let all: Vec<&str> = GO
        .iter()
        .chain(SPRIG)
        .map(|(name, _)| *name)
        .chain(REFUSED.iter().map(|r| r.0))
        .collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}
