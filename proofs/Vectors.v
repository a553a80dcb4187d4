(** Lists as vectors: products of long rows, lengths in machine integers with numbers rounded up. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Norms Actions.
Import ListNotations.
Open Scope Z_scope.

(** ** Products *)
Lemma zdot_app u u' v v' : length u = length v -> zdot (u ++ u') (v ++ v') = zdot u v + zdot u' v'.
Proof.
  revert v. induction u as [|a u IH]; intros [|b v] H; simpl in *; try discriminate; [reflexivity|].
  rewrite IH by lia. lia.
Qed.

Lemma lsum_seq n f : lsum f (seq 0 n) = sum n f.
Proof. rewrite sum_list. induction (seq 0 n); simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma zdot_largest u v L : 0 <= L -> (forall h, In h v -> Z.abs h <= L) -> Z.abs (zdot u v) <= total u * L.
Proof. intros HL H. rewrite Z.mul_comm. apply zdot_bound; assumption. Qed.

Lemma zdot_opposite (A : Type) u (f : A -> Z) l : zdot u (map (fun w => - f w) l) = - zdot u (map f l).
Proof. revert u. induction l as [|a l IH]; intros [|b u]; simpl; try reflexivity. rewrite IH. lia. Qed.

(** Σ_i Σ_f F_f W_fi h_i, either way. *)
Lemma zdot_swap m F (W : list (list Z)) h :
  length F = length W -> (forall w, In w W -> length w = m) -> length h = m ->
  zdot F (map (fun w => zdot w h) W) = sum m (fun i => zdot F (map (fun w => nth i w 0) W) * nth i h 0).
Proof.
  intros HF HW Hh. revert F HF. induction W as [|w W IH]; intros [|a F] HF; simpl in *; try discriminate.
  - rewrite sum_const. lia.
  - rewrite (IH (fun w' H => HW w' (or_intror H)) F) by lia.
    rewrite (zdot_sum w h m) by auto. rewrite <- sum_scale, <- sum_plus. apply sum_ext. intros. ring.
Qed.

Lemma stand_length ts zts : Forall2 stands ts zts -> length ts = length zts.
Proof. induction 1; simpl; congruence. Qed.

(** ** Machine numbers in units of 2^k / f, rounded away from 0, without their signs.  A unit is the integer 32 k + f - 1, f at
    most 32. *)
Definition without_sign (t : int) : int := if (t <? half)%uint63 then t else (0 - t)%uint63.
Definition places (u : int) : int := (u >> 5)%uint63.
Definition factor (u : int) : int := (1 + (u land 31))%uint63.
Definition ceiling (u t : int) : int := ((without_sign t * factor u + ((1 << places u) - 1)) >> places u)%uint63.

Lemma factor_positive u : 0 < to_Z (factor u).
Proof.
  unfold factor. rewrite add_spec. pose proof (to_Z_bounded (u land 31)) as [H _].
  assert (to_Z (u land 31) <= 31).
  { rewrite land_spec'. change (to_Z 31) with (Z.ones 5). rewrite Z.land_ones by lia.
    pose proof (Z.mod_pos_bound (to_Z u) (2 ^ 5) ltac:(lia)). lia. }
  change (to_Z 1) with 1. rewrite Z.mod_small; [lia|]. rewrite wB_value. lia.
Qed.

Lemma ceiling_spec u t v T : stands t v -> Z.abs v <= T -> to_Z (places u) <= 61 ->
  T * to_Z (factor u) + 2 ^ to_Z (places u) <= 2 ^ 62 ->
  Z.abs v * to_Z (factor u) <= 2 ^ to_Z (places u) * to_Z (ceiling u t) /\
  to_Z (ceiling u t) <= T * to_Z (factor u) / 2 ^ to_Z (places u) + 1.
Proof.
  intros Ht Hv Hk HT. pose proof (to_Z_bounded (places u)) as [Hk0 _]. pose proof (factor_positive u) as HF.
  unfold ceiling. set (k := places u) in *. set (f := factor u) in *. set (K := to_Z k) in *. set (F := to_Z f) in *.
  assert (HP : 0 < 2 ^ K) by (apply Z.pow_pos_nonneg; lia).
  assert (HP' : 2 ^ K <= 2 ^ 61) by (apply Z.pow_le_mono_r; lia).
  assert (HT' : T < 2 ^ 62) by nia.
  assert (Ha : stands (without_sign t) (Z.abs v)).
  { unfold without_sign. rewrite (nonnegative t v Ht) by lia. destruct (Z.leb_spec 0 v).
    - rewrite Z.abs_eq by lia. exact Ht.
    - replace (Z.abs v) with (0 - v) by lia. apply stands_sub; [reflexivity|exact Ht]. }
  assert (Hf : stands f F) by (unfold stands; symmetry; apply Z.mod_small, to_Z_bounded).
  pose proof (stands_mul _ _ _ _ Ha Hf) as Hm. set (a := (without_sign t * f)%uint63) in *. set (A := Z.abs v * F) in *.
  assert (HA : 0 <= A <= T * F) by (unfold A; nia).
  assert (H1 : to_Z (1 << k)%uint63 = 2 ^ K).
  { rewrite lsl_spec. change (to_Z 1) with 1. rewrite Z.mul_1_l. apply Z.mod_small. rewrite wB_value. fold K.
    change (2 ^ 61) with 2305843009213693952 in HP'. change (2 ^ 62) with 4611686018427387904. lia. }
  assert (H2 : to_Z ((1 << k) - 1)%uint63 = 2 ^ K - 1).
  { rewrite sub_spec, H1. change (to_Z 1) with 1. apply Z.mod_small. rewrite wB_value.
    change (2 ^ 61) with 2305843009213693952 in HP'. change (2 ^ 62) with 4611686018427387904. lia. }
  assert (H3 : to_Z (a + ((1 << k) - 1))%uint63 = A + (2 ^ K - 1)).
  { rewrite add_spec, H2. unfold stands in Hm. rewrite Hm. rewrite Zplus_mod_idemp_l. apply Z.mod_small.
    rewrite wB_value. lia. }
  rewrite lsr_spec, H3. fold K.
  pose proof (Z.div_mod (A + (2 ^ K - 1)) (2 ^ K) ltac:(lia)) as D.
  pose proof (Z.mod_pos_bound (A + (2 ^ K - 1)) (2 ^ K) HP) as M.
  split; [nia|].
  assert (A + (2 ^ K - 1) <= T * F + 1 * 2 ^ K) by lia.
  rewrite <- Z.div_add by lia. apply Z.div_le_mono; lia.
Qed.

Fixpoint squares (acc : int) (l : list int) : int :=
  match l with nil => acc | u :: l' => squares (acc + u * u)%uint63 l' end.

Lemma squares_stands l acc zacc : stands acc zacc ->
  stands (squares acc l) (zacc + lsum (fun u => to_Z u * to_Z u) l).
Proof.
  revert acc zacc. induction l as [|u l IH]; intros acc zacc H; simpl; [rewrite Z.add_0_r; exact H|].
  rewrite Z.add_assoc. apply IH, stands_add; [exact H|].
  assert (stands u (to_Z u)) by (unfold stands; symmetry; apply Z.mod_small, to_Z_bounded).
  apply stands_mul; assumption.
Qed.

Lemma squares_spec l : lsum (fun u => to_Z u * to_Z u) l < 2 ^ 62 ->
  to_Z (squares 0 l) = lsum (fun u => to_Z u * to_Z u) l.
Proof.
  intros H. pose proof (squares_stands l 0%uint63 0 eq_refl) as S. unfold stands in S. rewrite S.
  assert (0 <= lsum (fun u => to_Z u * to_Z u) l) by (apply lsum_nonneg; intros; apply Z.square_nonneg).
  rewrite Z.add_0_l. apply Z.mod_small. rewrite wB_value. lia.
Qed.

(** Rounded away from 0, each number in its own unit. *)
Definition ceilings (us ts : list int) : list int := map (fun ut => ceiling (fst ut) (snd ut)) (combine us ts).

(** The most that the squares can add up to. *)
Definition square_most (T : Z) (us : list int) : Z :=
  lsum (fun u => let c := T * to_Z (factor u) / 2 ^ to_Z (places u) + 1 in c * c) us.

Definition units_fit (T : Z) (us : list int) : bool :=
  forallb (fun u => (to_Z (places u) <=? 61) && (T * to_Z (factor u) + 2 ^ to_Z (places u) <=? 2 ^ 62)) us &&
  (square_most T us <? 2 ^ 62).

(** The length of the numbers, each in its own unit, rounded up. *)
Definition length_up (us ts : list int) : Z := Z.sqrt_up (to_Z (squares 0 (ceilings us ts))).

(** A number multiplied by its unit, rounded away from 0, without its sign. *)
Definition by_unit (u : int) (d : Z) : Z := (Z.shiftl (Z.abs d) (to_Z (places u)) + (to_Z (factor u) - 1)) / to_Z (factor u).

Lemma by_unit_spec u d : 2 ^ to_Z (places u) * Z.abs d <= to_Z (factor u) * by_unit u d /\ 0 <= by_unit u d.
Proof.
  unfold by_unit. rewrite Z.shiftl_mul_pow2 by apply to_Z_bounded. pose proof (factor_positive u) as HF.
  set (F := to_Z (factor u)) in *. set (P := 2 ^ to_Z (places u)).
  assert (0 < P) by (apply Z.pow_pos_nonneg; [lia|apply to_Z_bounded]).
  pose proof (Z.div_mod (Z.abs d * P + (F - 1)) F ltac:(lia)) as D.
  pose proof (Z.mod_pos_bound (Z.abs d * P + (F - 1)) F HF) as M.
  split; [nia|]. apply Z.div_pos; nia.
Qed.

(** The squares of a row whose numbers are multiplied by those units, and its length. *)
Definition scaled_squares (us : list int) (d : list Z) : Z :=
  lsum (fun ud => let v := by_unit (fst ud) (snd ud) in v * v) (combine us d).
Definition scaled_length (us : list int) (d : list Z) : Z := Z.sqrt_up (scaled_squares us d).

(** Cauchy-Schwarz: [v] is at most an inner product of vectors with squared norms [A] and [B]. *)
Definition bounded (v A B : Z) : Prop := exists S, v <= S /\ schwarz S A B.

Lemma bounded_length v A B : bounded v A B -> v <= Z.sqrt_up A * Z.sqrt_up B.
Proof. intros [S [H1 H2]]. eapply Z.le_trans; [exact H1|]. apply schwarz_bound, H2. Qed.

Lemma scaled_schwarz T us ts ds zts :
  units_fit T us = true -> Forall2 stands ts zts -> (forall v, In v zts -> Z.abs v <= T) ->
  length ds = length us -> length zts = length us ->
  bounded (Z.abs (zdot ds zts)) (scaled_squares us ds) (to_Z (squares 0 (ceilings us ts))).
Proof.
  unfold units_fit. rewrite andb_true_iff, forallb_forall, Z.ltb_lt. intros [Hk Hs] F HT Hd Ht.
  set (C := ceilings us ts).
  assert (Facts : forall u zt ct, In (u, (zt, ct)) (combine us (combine zts C)) ->
    Z.abs zt * to_Z (factor u) <= 2 ^ to_Z (places u) * to_Z ct).
  { unfold C, ceilings. clear C Hs Hd ds. revert us Hk Ht. induction F as [|t zt ts zts H F IH]; intros [|u us] Hk Ht;
      simpl in *; try discriminate; intros u' zt' ct' HI; try contradiction.
    destruct HI as [HI|HI].
    - injection HI as <- <- <-. specialize (Hk u (or_introl eq_refl)). rewrite andb_true_iff, !Z.leb_le in Hk.
      apply (ceiling_spec u t zt T H); [apply HT; left; reflexivity|tauto|tauto].
    - apply (IH (fun v Hv => HT v (or_intror Hv)) us (fun u Hk' => Hk u (or_intror Hk')) ltac:(lia) u' zt' ct' HI). }
  assert (Most : lsum (fun c => to_Z c * to_Z c) C <= square_most T us).
  { clear Facts. unfold C, ceilings, square_most. clear C Hs Hd ds. revert us Hk Ht. induction F as [|t zt ts zts H F IH];
      intros [|u us] Hk Ht; simpl in *; try discriminate; try lia.
    specialize (IH (fun v Hv => HT v (or_intror Hv)) us (fun u Hk' => Hk u (or_intror Hk')) ltac:(lia)).
    specialize (Hk u (or_introl eq_refl)). rewrite andb_true_iff, !Z.leb_le in Hk.
    destruct (ceiling_spec u t zt T H (HT zt (or_introl eq_refl))) as [_ H2]; [tauto|tauto|].
    pose proof (to_Z_bounded (ceiling u t)) as [H3 _]. set (c := T * to_Z (factor u) / 2 ^ to_Z (places u) + 1) in *.
    assert (to_Z (ceiling u t) * to_Z (ceiling u t) <= c * c) by nia. lia. }
  fold C. rewrite squares_spec by lia.
  assert (HC : length C = length us).
  { unfold C, ceilings. rewrite map_length, combine_length, (stand_length _ _ F). lia. }
  clearbody C. clear F Most Hs Hk HT.
  assert (G : forall us ds zts C, length ds = length us -> length zts = length us -> length C = length us ->
    (forall u zt ct, In (u, (zt, ct)) (combine us (combine zts C)) -> Z.abs zt * to_Z (factor u) <= 2 ^ to_Z (places u) * to_Z ct) ->
    exists S, Z.abs (zdot ds zts) <= S /\ schwarz S (scaled_squares us ds) (lsum (fun c => to_Z c * to_Z c) C)).
  { clear. unfold scaled_squares. induction us as [|u us IH]; intros [|d ds] [|z zts] [|c C] H1 H2 H3 H; simpl in *; try discriminate.
    - exists 0. unfold schwarz. lia.
    - destruct (IH ds zts C ltac:(lia) ltac:(lia) ltac:(lia) (fun u' z' c' HI => H u' z' c' (or_intror HI))) as [S [S1 S3]].
      specialize (H u z c (or_introl eq_refl)). pose proof (to_Z_bounded c) as [Hc _].
      destruct (by_unit_spec u d) as [Hu Hw]. pose proof (factor_positive u) as HF. set (w := by_unit u d) in *.
      set (P := 2 ^ to_Z (places u)) in *. set (f := to_Z (factor u)) in *.
      exists (w * to_Z c + S). split; [|apply schwarz_plus; [apply schwarz_one|exact S3]].
      assert (Z.abs d * Z.abs z <= w * to_Z c).
      { apply (Z.mul_le_mono_pos_l _ _ f HF).
        assert (Z.abs d * (Z.abs z * f) <= Z.abs d * (P * to_Z c)) by (apply Z.mul_le_mono_nonneg_l; lia).
        assert (P * Z.abs d * to_Z c <= f * w * to_Z c) by (apply Z.mul_le_mono_nonneg_r; lia). lia. }
      pose proof (Z.abs_mul d z). lia. }
  destruct (G us ds zts C Hd Ht HC Facts) as [S [S1 S3]]. exists S. split; assumption.
Qed.

Lemma scaled_bound T ks ts ds zts :
  units_fit T ks = true -> Forall2 stands ts zts -> (forall v, In v zts -> Z.abs v <= T) ->
  length ds = length ks -> length zts = length ks ->
  Z.abs (zdot ds zts) <= scaled_length ks ds * length_up ks ts.
Proof. intros H1 H2 H3 H4 H5. apply bounded_length, (scaled_schwarz T ks ts ds zts H1 H2 H3 H4 H5). Qed.

(** ** Lists that stand for lists *)
Lemma stands_app a b za zb : Forall2 stands a za -> Forall2 stands b zb -> Forall2 stands (a ++ b) (za ++ zb).
Proof. induction 1; intros; simpl; [assumption|constructor; auto]. Qed.
