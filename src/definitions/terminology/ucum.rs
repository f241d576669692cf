//! Units in UCUM's case sensitive form.
//!
//! Promises: what breaks the grammar is refused; an atom that is not in the lists below is said to be unknown,
//! never taken for a unit. Never: converts.

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A unit.
    Unit,
    /// Not of UCUM's grammar.
    Malformed,
    /// Of the grammar, with an atom that is not known here.
    UnknownAtom,
}

const PREFIXES: [&str; 24] = [
    "da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u",
    "n", "p", "f", "a", "z", "y",
];

/// Atoms that take a prefix.
const METRIC: &str = "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc \
    [c] [h] [k] [eps_0] [mu_0] [e] [m_e] [m_p] [G] [g] [ly] gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM \
    cal_[15] cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] eq osm g% kat U [iU] [IU] [S] [GPL'U] Np B B[SPL] B[V] \
    B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd [FEU] att b a_j a a_g a_t [m/s2/Hz^0.5]";

/// Atoms that take none.
const PLAIN: &str = "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d wk mo_s mo_j mo_g mo AU atm [lbf_av] \
    [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] [bf_i] [cr_i] \
    [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us] [fth_us] [fur_us] [mi_us] \
    [acr_us] [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] \
    [mi_br] [nmi_br] [kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] \
    [bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] \
    [pk_br] [bu_br] [qt_br] [pt_br] [gil_br] [foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av] [scwt_av] \
    [lcwt_av] [ston_av] [lton_av] [stone_av] [pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] \
    [pnt] [pca] [pnt_pr] [pca_pr] [pied] [pouce] [ligne] [didot] [cicero] [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] \
    [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope] \
    [mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] \
    [kp_M] [kp_Q] [pH] [HPF] [LPF] [arb'U] [USP'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] \
    [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU] [AU] [Amb'a'1'U] \
    [PNU] [Lf] [D'ag'U] [ELU] [EU] Ao [psi] circ sph [car_m] [car_Au] [smoot] bit_s [NTU] [FNU]";

/// The deepest nesting of parentheses.
const DEPTH: u32 = 10;

/// What `text` is.
pub fn check(text: &str) -> Verdict {
    if text.is_empty() || !text.bytes().all(|b| (0x21..=0x7E).contains(&b)) {
        return Verdict::Malformed;
    }
    let mut parser = Parser { rest: text, unknown: false };
    match parser.term(0) {
        Some(()) if parser.rest.is_empty() && parser.unknown => Verdict::UnknownAtom,
        Some(()) if parser.rest.is_empty() => Verdict::Unit,
        _ => Verdict::Malformed,
    }
}

struct Parser<'a> {
    rest: &'a str,
    unknown: bool,
}

impl<'a> Parser<'a> {
    fn take(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn term(&mut self, depth: u32) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        self.take('/');
        self.component(depth)?;
        while self.take('/') || self.take('.') {
            self.component(depth)?;
        }
        Some(())
    }

    fn component(&mut self, depth: u32) -> Option<()> {
        if self.take('(') {
            self.term(depth + 1)?;
            return self.take(')').then_some(());
        }
        let symbol = self.symbol()?;
        let annotated = self.annotation()?;
        if symbol.is_empty() {
            return annotated.then_some(());
        }
        self.simple(symbol)
    }

    /// Everything up to an operator, a parenthesis or an annotation that is not inside square brackets.
    fn symbol(&mut self) -> Option<&'a str> {
        let mut inside = false;
        let end = self.rest.bytes().position(|b| {
            inside = (inside || b == b'[') && b != b']';
            !inside && b"./(){}".contains(&b)
        });
        let (symbol, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!inside).then_some(symbol)
    }

    fn annotation(&mut self) -> Option<bool> {
        if !self.take('{') {
            return Some(false);
        }
        let end = self.rest.find('}')?;
        let inside = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        (!inside.contains('{')).then_some(true)
    }

    fn simple(&mut self, symbol: &str) -> Option<()> {
        if symbol.bytes().all(|b| b.is_ascii_digit()) || is_atom(symbol) {
            return Some(());
        }
        let base = symbol.trim_end_matches(|c: char| c.is_ascii_digit());
        let exponent = base.len() < symbol.len();
        let base = if exponent { base.strip_suffix(['+', '-']).unwrap_or(base) } else { base };
        if base.is_empty() || base.ends_with(['+', '-']) {
            return None;
        }
        self.unknown |= !is_atom(base);
        Some(())
    }
}

fn is_atom(symbol: &str) -> bool {
    let listed = |list: &str, symbol: &str| list.split_ascii_whitespace().any(|a| a == symbol);
    let prefixed = |prefix: &&str| symbol.strip_prefix(*prefix).is_some_and(|a| listed(METRIC, a));
    listed(METRIC, symbol) || listed(PLAIN, symbol) || PREFIXES.iter().any(prefixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_units() {
        let units = [
            "mg",
            "mm[Hg]",
            "10*9/L",
            "kg/m2",
            "/min",
            "mmol/L",
            "%",
            "{score}",
            "Cel",
            "ug/kg/h",
            "1",
            "[degF]",
            "mg{total}/dL",
            "m.s-1",
            "10*-3.g",
            "(g.m)/s2",
            "cal_[15]",
            "[in_i'Hg]",
            "dB[SPL]",
            "uL",
            "10^3/uL",
            "/[HPF]",
            "mL/min/{1.73_m2}",
            "wk",
        ];
        for unit in units {
            assert_eq!(check(unit), Verdict::Unit, "{unit}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for text in ["", "mg per L", "mg/", "(mg", "mg)", "{a", "m[Hg", "mg//L", "µg", "m--1", "()"]
        {
            assert_eq!(check(text), Verdict::Malformed, "{text}");
        }
        for text in ["tablets", "mmin", "fahrenheit", "[ppq]", "k[in_i]"] {
            assert_eq!(check(text), Verdict::UnknownAtom, "{text}");
        }
    }
}
