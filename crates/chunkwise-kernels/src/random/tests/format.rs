//! Version 1 of the mapping: these digests never change, and every vector level gives them.

use super::*;

/// FNV-1a of the values from two places in the sequence, little-endian.
fn digest(sampler: &Sampler) -> u64 {
    let size = sampler.dtype().size();
    [
        bytes(sampler, 0, 1, 10_007),
        bytes(sampler, (1 << 45) + 1, 1, 101),
    ]
    .iter()
    .flat_map(|part| part.chunks(size))
    .flat_map(|element| {
        let mut e = element.to_vec();
        if cfg!(target_endian = "big") {
            e.reverse();
        }
        e
    })
    .fold(0xCBF2_9CE4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
    })
}

const DIGESTS: [[u64; 2]; 27] = [
    [0x43d2_2370_2ff3_339c, 0x5071_0e1d_2813_1ab7],
    [0x0e20_41cf_0e00_5704, 0x534a_67c6_98ce_ec16],
    [0xa2fa_b628_0d35_73e2, 0xf028_6271_b0ce_dc64],
    [0x82a6_a428_51fb_3ce8, 0xfa37_9f8c_a253_a87f],
    [0x2601_5792_fe38_44c0, 0x1516_baab_4555_dc63],
    [0x8b60_32c6_cb70_7546, 0x842b_8dc2_fa7f_ac07],
    [0x4ddb_276f_0b86_f680, 0x745f_2377_9a84_12a8],
    [0x9041_1b14_c51d_b72b, 0xa3cd_f759_f450_1c16],
    [0x3da3_bae3_4c3c_3715, 0x7260_53e3_2334_ce69],
    [0xc83b_a226_de72_1ec3, 0x9222_f19a_99e0_ba6c],
    [0x961f_48f1_153c_46ff, 0x663b_b4ed_8ceb_d873],
    [0x6c85_fde6_ad79_9b2c, 0xafa7_62bd_24e3_da9a],
    [0x0fb4_380d_c948_1b81, 0x425e_934f_d6dd_a25a],
    [0x3ff4_5909_bec1_deef, 0xc3e4_033c_fa51_8793],
    [0x8b5b_23cf_5a2e_2fed, 0x80c6_aa6f_203e_f04c],
    [0x5280_447d_4269_be1e, 0xd1bd_f9de_0080_cecf],
    [0xa9a8_1472_97b0_fd32, 0xbd58_94cf_93e2_74d1],
    [0x8753_6f6c_57fd_69cd, 0xf998_e595_6a77_6cac],
    [0xebea_5f57_af03_804b, 0x5daf_2210_f1ff_bd06],
    [0x7236_3e7d_5181_3d6b, 0x983c_b227_d9b2_ed61],
    [0xd65d_7de3_7729_3c9c, 0x8440_549f_0107_82fa],
    [0x03a8_5cc5_4562_c240, 0x9390_40cc_1b39_508d],
    [0x21a2_bdc7_4df5_c3a0, 0xf1d0_e696_c45e_6c7a],
    [0x6f95_506d_554c_9f09, 0xb207_2471_a83d_5dad],
    [0x03fa_7350_29be_23e7, 0xe540_4ee2_1183_97e0],
    [0x5edd_d30d_23b1_0735, 0x3f2a_52df_80e4_e58f],
    [0x2a29_0a46_bb8e_ea87, 0x002b_d9ab_84d8_099d],
];

#[test]
fn values_are_those_of_version_1() {
    let got: Vec<[u64; 2]> = cases()
        .into_iter()
        .map(|(distribution, dtype)| {
            [Generator::Ars7, Generator::Philox4x32].map(|generator| {
                digest(&Sampler::new(&spec(generator, distribution.clone(), dtype)).unwrap())
            })
        })
        .collect();
    for ((case, values), want) in cases().iter().zip(&got).zip(&DIGESTS) {
        assert_eq!(values, want, "{case:?}\nall: {got:#018x?}");
    }
    assert_eq!(got.len(), DIGESTS.len());
}

// The level is found once for a process, so other levels need processes of their own.
#[test]
fn every_vector_level_gives_the_values_of_version_1() {
    let me = std::env::current_exe().unwrap();
    for level in ["baseline", "avx2", "avx512"] {
        let run = std::process::Command::new(&me)
            .args([
                "--exact",
                "random::tests::format::values_are_those_of_version_1",
            ])
            .env("CHUNKWISE_SIMD", level)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(
            run.status.success() && said.contains("1 passed"),
            "{level}: {said}"
        );
    }
}
