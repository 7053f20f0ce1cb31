//! Vehicle identification numbers (ISO 3779). The check digit in place 9 is mandatory in North America and China only,
//! where most numbers that are seen come from; the maker code in front guards against chance.

/// World manufacturer identifiers common on the road, first three characters, sorted.
const MAKERS: &[&[u8; 3]] = &[
    b"19U", b"19X", b"1C3", b"1C4", b"1C6", b"1FA", b"1FD", b"1FM", b"1FT", b"1G1", b"1G6", b"1GC", b"1GK",
    b"1GN", b"1GT", b"1GY", b"1HG", b"1J4", b"1J8", b"1LN", b"1N4", b"1N6", b"1VW", b"2C3", b"2C4", b"2FM",
    b"2G1", b"2GN", b"2HG", b"2HK", b"2T1", b"2T2", b"2T3", b"3C4", b"3C6", b"3FA", b"3GN", b"3GC", b"3HG",
    b"3MZ", b"3N1", b"3VW", b"3VV", b"4JG", b"4S3", b"4S4", b"4T1", b"4T3", b"5FN", b"5J6", b"5J8", b"5LM",
    b"5N1", b"5NM", b"5NP", b"5TD", b"5TF", b"5UX", b"5XY", b"5YF", b"5YJ", b"7SA", b"JA4", b"JF1", b"JF2",
    b"JH4", b"JHM", b"JM1", b"JM3", b"JN1", b"JN8", b"JTD", b"JTE", b"JTH", b"JTJ", b"JTM", b"JTN", b"KL4",
    b"KL7", b"KM8", b"KMH", b"KNA", b"KND", b"L56", b"LA6", b"LB1", b"LB3", b"LBE", b"LBV", b"LC0", b"LDC",
    b"LDN", b"LDP", b"LE4", b"LEF", b"LEN", b"LFB", b"LFM", b"LFN", b"LFP", b"LFV", b"LGB", b"LGE", b"LGG",
    b"LGH", b"LGJ", b"LGK", b"LGW", b"LGX", b"LHG", b"LH1", b"LHB", b"LJ1", b"LJ8", b"LJD", b"LJN", b"LJX",
    b"LJV", b"LKC", b"LKL", b"LL6", b"LLV", b"LM8", b"LMG", b"LMV", b"LMW", b"LNB", b"LNN", b"LNP", b"LPA",
    b"LPE", b"LPS", b"LRB", b"LRW", b"LS4", b"LS5", b"LS6", b"LSF", b"LSG", b"LSJ", b"LSV", b"LSY", b"LTV",
    b"LUC", b"LUX", b"LVA", b"LVB", b"LVC", b"LVF", b"LVG", b"LVH", b"LVM", b"LVR", b"LVS", b"LVT", b"LVU",
    b"LVV", b"LVX", b"LVY", b"LVZ", b"LW4", b"LWV", b"LXY", b"LYV", b"LZE", b"LZG", b"LZM", b"LZW", b"LZY",
    b"MAL", b"MMB", b"SAJ", b"SAL", b"SCA", b"SCB", b"TMB", b"TRU", b"VF1", b"VF3", b"VF7", b"VSS", b"WA1",
    b"WAU", b"WB1", b"WBA", b"WBS", b"WBX", b"WBY", b"WDB", b"WDC", b"WDD", b"WDF", b"WMW", b"WP0", b"WP1",
    b"WUA", b"WV1", b"WV2", b"WVG", b"WVW", b"W1K", b"W1N", b"YS3", b"YV1", b"YV4", b"ZAM", b"ZAR", b"ZFA",
    b"ZFF", b"ZHW",
];
const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A') + 1,
        b'J'..=b'N' => u32::from(byte - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => u32::from(byte - b'S') + 2,
        _ => return None,
    })
}

/// A number with a known maker and a right check digit.
pub(super) fn vin(_: &str, bare: &[u8]) -> bool {
    if bare.len() != 17 || !MAKERS.iter().any(|maker| bare.starts_with(maker.as_slice())) {
        return false;
    }
    let sum: Option<u32> =
        bare.iter().zip(WEIGHTS).map(|(byte, weight)| value(*byte).map(|v| v * weight)).sum();
    sum.is_some_and(|sum| b"0123456789X"[(sum % 11) as usize] == bare[8])
}

#[cfg(test)]
mod tests {
    use super::super::check as run;

    #[test]
    fn maker_and_check_digit() {
        assert!(run("vin", "1HGCM82633A004352"));
        assert!(!run("vin", "1HGCM82633A004353"));
        assert!(!run("vin", "11111111111111111"));
        assert!(!run("vin", "1HGCM82633I004352"));
    }
}
