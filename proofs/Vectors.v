(** Lists as vectors: products of long rows, lengths in machine integers with numbers rounded up. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Norms Uniform Gaps.
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

(** A p × q table, row by row. *)
Definition flat {A : Type} (p q : nat) (f : nat -> nat -> A) : list A :=
  flat_map (fun b => map (f b) (seq 0 q)) (seq 0 p).

Lemma flat_length (A : Type) p q (f : nat -> nat -> A) : length (flat p q f) = (p * q)%nat.
Proof.
  unfold flat. generalize (seq_length p 0). generalize (seq 0 p). intros l <-.
  induction l as [|b l IH]; simpl; [reflexivity|]. rewrite app_length, map_length, seq_length, IH. reflexivity.
Qed.

Lemma flat_map_map (A B : Type) (g : A -> B) p q f : map g (flat p q f) = flat p q (fun b c => g (f b c)).
Proof.
  unfold flat. induction (seq 0 p) as [|b l IH]; simpl; [reflexivity|]. rewrite map_app, map_map, IH. reflexivity.
Qed.

Lemma zdot_flat p q f g : zdot (flat p q f) (flat p q g) = sum2 p q (fun b c => f b c * g b c).
Proof.
  unfold flat, sum2. rewrite <- lsum_seq. induction (seq 0 p) as [|b l IH]; simpl; [reflexivity|].
  rewrite zdot_app by (rewrite !map_length; reflexivity). rewrite IH, zdot_map, lsum_seq. reflexivity.
Qed.

Lemma flat_nth (A : Type) p q (f : nat -> nat -> A) rest d b c : (b < p)%nat -> (c < q)%nat ->
  nth (b * q + c) (flat p q f ++ rest) d = f b c.
Proof.
  intros Hb Hc. unfold flat.
  assert (H : forall a, nth (b * q + c) (flat_map (fun b => map (f b) (seq 0 q)) (seq a p) ++ rest) d = f (a + b)%nat c).
  { revert b Hb. induction p as [|p IH]; intros b Hb a; [lia|]. simpl. rewrite <- app_assoc. destruct b as [|b].
    - simpl. rewrite app_nth1 by (rewrite map_length, seq_length; exact Hc).
      rewrite (nth_indep _ d (f a c)) by (rewrite map_length, seq_length; exact Hc).
      rewrite (nth_indep _ (f a c) (f a 0%nat)) by (rewrite map_length, seq_length; exact Hc).
      rewrite (map_nth (f a)), seq_nth by exact Hc. f_equal. lia.
    - rewrite app_nth2 by (rewrite map_length, seq_length; simpl; lia). rewrite map_length, seq_length.
      replace (S b * q + c - q)%nat with (b * q + c)%nat by (simpl; lia).
      rewrite (IH b) by lia. f_equal. lia. }
  apply (H 0%nat).
Qed.

Lemma zdot_largest u v L : 0 <= L -> (forall h, In h v -> Z.abs h <= L) -> Z.abs (zdot u v) <= total u * L.
Proof. intros HL H. rewrite Z.mul_comm. apply zdot_bound; assumption. Qed.

Lemma total_nonneg l : 0 <= total l.
Proof. induction l; simpl; lia. Qed.

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

(** ** Machine numbers in units of 2^k, rounded away from 0, without their signs *)
Definition without_sign (t : int) : int := if (t <? half)%uint63 then t else (0 - t)%uint63.
Definition ceiling (k t : int) : int := ((without_sign t + ((1 << k) - 1)) >> k)%uint63.

Lemma ceiling_spec k t v T : stands t v -> Z.abs v <= T -> to_Z k <= 61 -> T + 2 ^ to_Z k <= 2 ^ 62 ->
  Z.abs v <= 2 ^ to_Z k * to_Z (ceiling k t) /\ to_Z (ceiling k t) <= T / 2 ^ to_Z k + 1.
Proof.
  intros Ht Hv Hk HT. pose proof (to_Z_bounded k) as [Hk0 _]. set (K := to_Z k) in *.
  assert (HP : 0 < 2 ^ K) by (apply Z.pow_pos_nonneg; lia).
  assert (HP' : 2 ^ K <= 2 ^ 61) by (apply Z.pow_le_mono_r; lia).
  assert (Ha : stands (without_sign t) (Z.abs v)).
  { unfold without_sign. rewrite (nonnegative t v Ht) by lia. destruct (Z.leb_spec 0 v).
    - rewrite Z.abs_eq by lia. exact Ht.
    - replace (Z.abs v) with (0 - v) by lia. apply stands_sub; [reflexivity|exact Ht]. }
  unfold ceiling. set (a := without_sign t) in *.
  assert (H1 : to_Z (1 << k)%uint63 = 2 ^ K).
  { rewrite lsl_spec. change (to_Z 1) with 1. rewrite Z.mul_1_l. apply Z.mod_small. rewrite wB_value. fold K.
    change (2 ^ 61) with 2305843009213693952 in HP'. change (2 ^ 62) with 4611686018427387904. lia. }
  assert (H2 : to_Z ((1 << k) - 1)%uint63 = 2 ^ K - 1).
  { rewrite sub_spec, H1. change (to_Z 1) with 1. apply Z.mod_small. rewrite wB_value.
    change (2 ^ 61) with 2305843009213693952 in HP'. change (2 ^ 62) with 4611686018427387904. lia. }
  assert (H3 : to_Z (a + ((1 << k) - 1))%uint63 = Z.abs v + (2 ^ K - 1)).
  { rewrite add_spec, H2. unfold stands in Ha. rewrite Ha. rewrite Zplus_mod_idemp_l. apply Z.mod_small.
    rewrite wB_value. lia. }
  rewrite lsr_spec, H3. fold K.
  pose proof (Z.div_mod (Z.abs v + (2 ^ K - 1)) (2 ^ K) ltac:(lia)) as D.
  pose proof (Z.mod_pos_bound (Z.abs v + (2 ^ K - 1)) (2 ^ K) HP) as M.
  split; [nia|].
  assert (Z.abs v + (2 ^ K - 1) <= T + 1 * 2 ^ K) by lia.
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
Definition ceilings (ks ts : list int) : list int := map (fun kt => ceiling (fst kt) (snd kt)) (combine ks ts).

(** The most that the squares can add up to. *)
Definition square_most (T : Z) (ks : list int) : Z :=
  lsum (fun k => (T / 2 ^ to_Z k + 1) * (T / 2 ^ to_Z k + 1)) ks.

Definition units_fit (T : Z) (ks : list int) : bool :=
  forallb (fun k => (to_Z k <=? 61) && (T + 2 ^ to_Z k <=? 2 ^ 62)) ks && (square_most T ks <? 2 ^ 62).

(** The length of the numbers, each in its own unit, rounded up. *)
Definition length_up (ks ts : list int) : Z := Z.sqrt_up (to_Z (squares 0 (ceilings ks ts))).

(** The squares of a row whose numbers are multiplied by those units, and its length. *)
Definition scaled_squares (ks : list int) (d : list Z) : Z :=
  lsum (fun kd => let v := Z.shiftl (snd kd) (to_Z (fst kd)) in v * v) (combine ks d).
Definition scaled_length (ks : list int) (d : list Z) : Z := Z.sqrt_up (scaled_squares ks d).

Lemma scaled_squares_is ks d : scaled_squares ks d =
  lsum (fun kd => (2 ^ to_Z (fst kd) * snd kd) * (2 ^ to_Z (fst kd) * snd kd)) (combine ks d).
Proof.
  apply lsum_ext. intros kd _. cbv zeta. rewrite Z.shiftl_mul_pow2 by apply to_Z_bounded. ring.
Qed.

(** Cauchy-Schwarz: [v] is at most an inner product of vectors with squared norms [A] and [B]. *)
Definition bounded (v A B : Z) : Prop := exists S, v <= S /\ schwarz S A B.

Lemma bounded_length v A B : bounded v A B -> v <= Z.sqrt_up A * Z.sqrt_up B.
Proof. intros [S [H1 H2]]. eapply Z.le_trans; [exact H1|]. apply schwarz_bound, H2. Qed.

Lemma scaled_schwarz T ks ts ds zts :
  units_fit T ks = true -> Forall2 stands ts zts -> (forall v, In v zts -> Z.abs v <= T) ->
  length ds = length ks -> length zts = length ks ->
  bounded (Z.abs (zdot ds zts)) (scaled_squares ks ds) (to_Z (squares 0 (ceilings ks ts))).
Proof.
  unfold units_fit. rewrite andb_true_iff, forallb_forall, Z.ltb_lt. intros [Hk Hs] F HT Hd Ht.
  set (C := ceilings ks ts).
  assert (Facts : forall k zt ct, In (k, (zt, ct)) (combine ks (combine zts C)) -> Z.abs zt <= 2 ^ to_Z k * to_Z ct).
  { unfold C, ceilings. clear C Hs Hd ds. revert ks Hk Ht. induction F as [|t zt ts zts H F IH]; intros [|k ks] Hk Ht;
      simpl in *; try discriminate; intros k' zt' ct' HI; try contradiction.
    destruct HI as [HI|HI].
    - injection HI as <- <- <-. specialize (Hk k (or_introl eq_refl)). rewrite andb_true_iff, !Z.leb_le in Hk.
      apply (ceiling_spec k t zt T H); [apply HT; left; reflexivity|tauto|tauto].
    - apply (IH (fun v Hv => HT v (or_intror Hv)) ks (fun k Hk' => Hk k (or_intror Hk')) ltac:(lia) k' zt' ct' HI). }
  assert (Most : lsum (fun u => to_Z u * to_Z u) C <= square_most T ks).
  { clear Facts. unfold C, ceilings, square_most. clear C Hs Hd ds. revert ks Hk Ht. induction F as [|t zt ts zts H F IH];
      intros [|k ks] Hk Ht; simpl in *; try discriminate; try lia.
    specialize (IH (fun v Hv => HT v (or_intror Hv)) ks (fun k Hk' => Hk k (or_intror Hk')) ltac:(lia)).
    specialize (Hk k (or_introl eq_refl)). rewrite andb_true_iff, !Z.leb_le in Hk.
    destruct (ceiling_spec k t zt T H (HT zt (or_introl eq_refl))) as [_ H2]; [tauto|tauto|].
    pose proof (to_Z_bounded (ceiling k t)) as [H3 _].
    assert (to_Z (ceiling k t) * to_Z (ceiling k t) <= (T / 2 ^ to_Z k + 1) * (T / 2 ^ to_Z k + 1)) by nia. lia. }
  fold C. rewrite squares_spec by lia. rewrite scaled_squares_is.
  assert (HC : length C = length ks).
  { unfold C, ceilings. rewrite map_length, combine_length, (stand_length _ _ F). lia. }
  clearbody C. clear F Most Hs Hk HT.
  assert (G : forall ks ds zts C, length ds = length ks -> length zts = length ks -> length C = length ks ->
    (forall k zt ct, In (k, (zt, ct)) (combine ks (combine zts C)) -> Z.abs zt <= 2 ^ to_Z k * to_Z ct) ->
    exists S, Z.abs (zdot ds zts) <= S /\ 0 <= S /\
      schwarz S (lsum (fun kd => (2 ^ to_Z (fst kd) * snd kd) * (2 ^ to_Z (fst kd) * snd kd)) (combine ks ds))
        (lsum (fun u => to_Z u * to_Z u) C)).
  { clear. induction ks as [|k ks IH]; intros [|d ds] [|z zts] [|c C] H1 H2 H3 H; simpl in *; try discriminate.
    - exists 0. unfold schwarz. lia.
    - destruct (IH ds zts C ltac:(lia) ltac:(lia) ltac:(lia) (fun k' z' c' HI => H k' z' c' (or_intror HI))) as [S [S1 [S2 S3]]].
      specialize (H k z c (or_introl eq_refl)). pose proof (to_Z_bounded k) as [Hk _]. pose proof (to_Z_bounded c) as [Hc _].
      set (P := 2 ^ to_Z k) in *. assert (0 < P) by (apply Z.pow_pos_nonneg; lia).
      exists (Z.abs (P * d) * to_Z c + S). split; [|split].
      + rewrite Z.abs_mul, (Z.abs_eq P) by lia.
        assert (Z.abs (d * z) <= P * Z.abs d * to_Z c) by (rewrite Z.abs_mul; nia). lia.
      + nia.
      + apply schwarz_plus; [|exact S3].
        replace (P * d * (P * d)) with (Z.abs (P * d) * Z.abs (P * d)) by (rewrite <- Z.abs_mul; apply Z.abs_eq, Z.square_nonneg).
        apply schwarz_one. }
  destruct (G ks ds zts C Hd Ht HC Facts) as [S [S1 [_ S3]]]. exists S. split; assumption.
Qed.

Lemma scaled_bound T ks ts ds zts :
  units_fit T ks = true -> Forall2 stands ts zts -> (forall v, In v zts -> Z.abs v <= T) ->
  length ds = length ks -> length zts = length ks ->
  Z.abs (zdot ds zts) <= scaled_length ks ds * length_up ks ts.
Proof. intros H1 H2 H3 H4 H5. apply bounded_length, (scaled_schwarz T ks ts ds zts H1 H2 H3 H4 H5). Qed.

(** ** Lists that stand for lists *)
Lemma in_flat (A : Type) p q (f : nat -> nat -> A) v : In v (flat p q f) ->
  exists b c, (b < p)%nat /\ (c < q)%nat /\ f b c = v.
Proof.
  unfold flat. intros H. apply in_flat_map in H. destruct H as [b [Hb H]]. apply in_map_iff in H.
  destruct H as [c [E Hc]]. apply in_seq in Hb, Hc. exists b, c. repeat split; try lia. exact E.
Qed.

Lemma stands_map (A : Type) (f : A -> int) (g : A -> Z) l :
  (forall a, In a l -> stands (f a) (g a)) -> Forall2 stands (map f l) (map g l).
Proof. induction l; intros H; simpl; constructor; [apply H; left; reflexivity|]. apply IHl. intros. apply H. right. assumption. Qed.

Lemma stands_app a b za zb : Forall2 stands a za -> Forall2 stands b zb -> Forall2 stands (a ++ b) (za ++ zb).
Proof. induction 1; intros; simpl; [assumption|constructor; auto]. Qed.

Lemma stands_flat p q f g : (forall b c, (b < p)%nat -> (c < q)%nat -> stands (f b c) (g b c)) ->
  Forall2 stands (flat p q f) (flat p q g).
Proof.
  intros H. unfold flat. assert (H' : forall b, In b (seq 0 p) -> (b < p)%nat) by (intros b Hb; apply in_seq in Hb; lia).
  revert H'. induction (seq 0 p) as [|b l IH]; intros H'; simpl; [constructor|]. apply stands_app.
  - apply stands_map. intros c Hc. apply in_seq in Hc. apply H; [apply H'; left; reflexivity|lia].
  - apply IH. intros. apply H'. right. assumption.
Qed.

Lemma stands_skipn k l zl : Forall2 stands l zl -> Forall2 stands (skipn k l) (skipn k zl).
Proof. intros F. revert k. induction F; intros [|k]; simpl; try constructor; auto. Qed.

Lemma in_skipn (A : Type) k (l : list A) v : In v (skipn k l) -> In v l.
Proof. intros H. rewrite <- (firstn_skipn k l). apply in_app_iff. right. exact H. Qed.

Lemma stands_less l zl K : Forall2 stands l zl ->
  Forall2 stands (map (fun qk => fst qk - snd qk)%uint63 (combine l (map of_Z K))) (map (fun qk => fst qk - snd qk) (combine zl K)).
Proof.
  intros F. revert K. induction F; intros [|k K]; simpl; constructor; auto. apply stands_sub; [assumption|apply stands_of_Z].
Qed.

Lemma zdot_less d a b m : length d = m -> length a = m -> length b = m ->
  zdot d (map (fun qk => fst qk - snd qk) (combine a b)) = zdot d a - zdot d b.
Proof.
  revert m a b. induction d as [|u d IH]; intros m [|v a] [|v' b] H1 H2 H3; simpl in *; subst; try discriminate; [reflexivity|].
  rewrite (IH (length d) a b) by lia. lia.
Qed.

Lemma stands_removelast l zl : Forall2 stands l zl -> Forall2 stands (removelast l) (removelast zl).
Proof. induction 1 as [|a za l zl H F IH]; simpl; [constructor|]. destruct F; constructor; assumption. Qed.

Lemma stands_last l zl : Forall2 stands l zl -> stands (last l 0%uint63) (last zl 0).
Proof. induction 1 as [|a za l zl H F IH]; simpl; [reflexivity|]. destruct F; [exact H|exact IH]. Qed.

Lemma removelast_length (A : Type) (l : list A) : length (removelast l) = Nat.pred (length l).
Proof. induction l as [|a l IH]; [reflexivity|]. destruct l; [reflexivity|]. simpl in *. rewrite IH. reflexivity. Qed.

Lemma zdot_last d v m : length d = S m -> length v = S m ->
  zdot d v = zdot (removelast d) (removelast v) + last d 0 * last v 0.
Proof.
  intros Hd Hv.
  assert (Nd : d <> nil) by (intros ->; discriminate). assert (Nv : v <> nil) by (intros ->; discriminate).
  rewrite (app_removelast_last 0 Nd) at 1. rewrite (app_removelast_last 0 Nv) at 1.
  rewrite zdot_app by (rewrite !removelast_length; lia). simpl zdot. lia.
Qed.
