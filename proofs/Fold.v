(** Networks stored as factors: the products are formed in machine integers, and their error is bounded. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact.
Import ListNotations.
Open Scope Z_scope.

Definition signed (i : int) : Z := if (i <? half)%uint63 then to_Z i else to_Z i - wB.

Lemma signed_spec i v : stands i v -> - 2 ^ 62 <= v < 2 ^ 62 -> signed i = v.
Proof.
  intros Hi Hv. unfold signed. rewrite (nonnegative i v Hi Hv). unfold stands in Hi. rewrite Hi, wB_value.
  destruct (Z.leb_spec 0 v).
  - apply Z.mod_small. lia.
  - replace (v mod (2 * 2 ^ 62)) with (v + 2 * 2 ^ 62); [lia|]. apply Z.mod_unique with (q := -1); lia.
Qed.

Definition down (k : Z) : list (list int) -> list (list Z) := map (map (fun b => Z.shiftr (binary32 b) k)).

(** Rows of [es] times rows of [ws], the last [s] places dropped. *)
Definition fold_rows (s : Z) (es ws : list (list Z)) : list (list Z) :=
  let machine := map (map of_Z) ws in
  map (fun e => let e' := map of_Z e in map (fun w => Z.shiftr (signed (dot 0%uint63 w e')) s) machine) es.

(** No sum leaves 63 bits, and 2^s is at least the error of a product in its last place. *)
Definition fold_fits (s : Z) (width : nat) (es ws : list (list Z)) : bool :=
  (largest_of largest es * largest_of total ws <? 2 ^ 62) && (0 <=? s) &&
  (largest_of total es + largest_of total ws + Z.of_nat width <=? 2 ^ s).

Lemma zdot_bound L us hs :
  0 <= L -> (forall h, In h hs -> Z.abs h <= L) -> Z.abs (zdot us hs) <= L * total us.
Proof.
  intros HL. revert hs. induction us as [|u us IH]; intros [|h hs] H; simpl; try nia.
  - assert (0 <= total us) by (clear; induction us; simpl; lia). nia.
  - specialize (IH hs (fun h' Hh => H h' (or_intror Hh))). specialize (H h (or_introl eq_refl)).
    assert (Z.abs (u * h) <= L * Z.abs u) by (rewrite Z.abs_mul; nia). nia.
Qed.

Lemma stands_self l : Forall2 stands (map of_Z l) l.
Proof. induction l; simpl; constructor; auto using stands_of_Z. Qed.

Lemma rounded_product P Q e e' w w' :
  0 < P -> 0 < Q -> P * e' <= e < P * (e' + 1) -> Q * w' <= w < Q * (w' + 1) ->
  Z.abs (e * w - P * Q * (e' * w')) <= P * Q * (Z.abs e' + Z.abs w' + 1).
Proof.
  intros HP HQ He Hw. remember (e - P * e') as p. remember (w - Q * w') as q.
  assert (0 <= p < P) by lia. assert (0 <= q < Q) by lia.
  replace (e * w - P * Q * (e' * w')) with (P * e' * q + p * (Q * w') + p * q) by (subst; ring).
  assert (E1 : Z.abs (P * e' * q) <= P * Q * Z.abs e').
  { rewrite !Z.abs_mul, (Z.abs_eq P), (Z.abs_eq q) by lia. replace (P * Q * Z.abs e') with (P * Z.abs e' * Q) by ring.
    apply Z.mul_le_mono_nonneg_l; nia. }
  assert (E2 : Z.abs (p * (Q * w')) <= P * Q * Z.abs w').
  { rewrite !Z.abs_mul, (Z.abs_eq Q), (Z.abs_eq p) by lia. replace (P * Q * Z.abs w') with (P * (Q * Z.abs w')) by ring.
    apply Z.mul_le_mono_nonneg_r; nia. }
  assert (E3 : 0 <= p * q <= P * Q) by nia.
  lia.
Qed.

Section Fold.
  Variables (embed linear : list (list int)) (n e m : nat) (ke kw s : Z).
  Hypothesis shape_e : shaped n e embed = true.
  Hypothesis shape_w : shaped e m linear = true.
  Hypothesis ke_nonneg : 0 <= ke.
  Hypothesis kw_nonneg : 0 <= kw.
  Let es := down ke embed.
  Let ws := down kw (transpose m linear).
  Hypothesis fits : fold_fits s e es ws = true.

  Lemma fold_shape : zshaped n m (fold_rows s es ws).
  Proof.
    apply shaped_spec in shape_e. destruct shape_e as [He _].
    unfold fold_rows. split; [rewrite map_length; unfold es, down; rewrite map_length; exact He|].
    intros x Hx.
    set (f := fun e0 : list Z => _).
    rewrite (nth_indep _ nil (f nil)) by (rewrite map_length; unfold es, down; rewrite map_length; lia).
    rewrite map_nth. unfold f. rewrite !map_length. unfold ws, down. rewrite map_length.
    unfold transpose. rewrite map_length, seq_length. reflexivity.
  Qed.

  Lemma fold_near x i : (x < n)%nat -> (i < m)%nat ->
    2 ^ (ke + kw + s) * (zentry (fold_rows s es ws) x i - 1) <= folded embed linear x i <=
    2 ^ (ke + kw + s) * (zentry (fold_rows s es ws) x i + 2).
  Proof.
    intros Hx Hi. pose proof (shaped_spec _ _ _ shape_e) as [He He']. pose proof (shaped_spec _ _ _ shape_w) as [Hw Hw'].
    destruct (transpose_shape m e linear Hw) as [Ht Ht'].
    unfold fold_fits in fits. rewrite !andb_true_iff, Z.ltb_lt, !Z.leb_le in fits. destruct fits as [[F1 F2] F3].
    assert (Se : zshaped n e es) by (apply shaped_map; assumption).
    assert (Sw : zshaped m e ws) by (apply shaped_map; assumption).
    set (E := nth x es nil). set (W := nth i ws nil).
    assert (HE : length E = e) by (apply Se; exact Hx).
    assert (HW : length W = e) by (apply Sw; exact Hi).
    assert (InE : In E es) by (apply (zshaped_in n e); assumption).
    assert (InW : In W ws) by (apply (zshaped_in m e); assumption).
    (* the machine's product *)
    assert (Hdot : signed (dot 0%uint63 (map of_Z W) (map of_Z E)) = zdot W E).
    { apply signed_spec.
      - change (zdot W E) with (0 + zdot W E). apply stands_dot; [apply stands_self|reflexivity].
      - pose proof (zdot_bound (largest_of largest es) W E (largest_of_nonneg _ _)) as Hb.
        assert (Hl : forall h, In h E -> Z.abs h <= largest_of largest es).
        { intros h Hh. eapply Z.le_trans; [apply largest_spec; exact Hh|]. apply largest_of_spec; exact InE. }
        specialize (Hb Hl). pose proof (largest_of_spec total ws W InW). pose proof (largest_of_nonneg largest es). nia. }
    assert (Hentry : zentry (fold_rows s es ws) x i = Z.shiftr (zdot W E) s).
    { unfold zentry, fold_rows. set (f := fun e0 : list Z => _).
      rewrite (nth_indep _ nil (f nil)) by (rewrite map_length; destruct Se as [-> _]; exact Hx).
      rewrite map_nth. fold E. unfold f. set (g := fun w0 : list int => _).
      rewrite (nth_indep _ 0 (g nil)) by (rewrite !map_length; destruct Sw as [-> _]; exact Hi).
      rewrite map_nth. unfold g. rewrite (zshaped_map m e ws i Sw Hi). fold W. rewrite Hdot. reflexivity. }
    rewrite Hentry.
    (* the true product against it *)
    assert (HP : 0 < 2 ^ ke) by (apply Z.pow_pos_nonneg; lia).
    assert (HQ : 0 < 2 ^ kw) by (apply Z.pow_pos_nonneg; lia).
    assert (HS : 0 < 2 ^ s) by (apply Z.pow_pos_nonneg; lia).
    assert (Hnear : Z.abs (folded embed linear x i - 2 ^ ke * 2 ^ kw * zdot W E) <= 2 ^ ke * 2 ^ kw * 2 ^ s).
    { rewrite (zdot_sum W E e HW HE), <- sum_scale. unfold folded. rewrite Hw, <- sum_minus.
      eapply Z.le_trans; [apply sum_abs|].
      eapply Z.le_trans;
        [apply sum_le with (g := fun k => 2 ^ ke * 2 ^ kw * (Z.abs (nth k E 0) + (Z.abs (nth k W 0) + 1)))|].
      - intros k Hk. cbv beta.
        assert (H1 : nth k E 0 = Z.shiftr (binary32 (entry embed x k)) ke).
        { apply (zentry_map (fun b => Z.shiftr (binary32 b) ke) es n e embed x k He He' Hx Hk eq_refl). }
        assert (H2 : nth k W 0 = Z.shiftr (binary32 (entry linear k i)) kw).
        { rewrite <- (transpose_entry m e linear k i Hw Hk Hi).
          apply (zentry_map (fun b => Z.shiftr (binary32 b) kw) ws m e (transpose m linear) i k Ht Ht' Hi Hk eq_refl). }
        pose proof (near_shiftr ke (binary32 (entry embed x k)) ke_nonneg) as N1.
        pose proof (near_shiftr kw (binary32 (entry linear k i)) kw_nonneg) as N2.
        rewrite <- H1 in N1. rewrite <- H2 in N2. unfold near in N1, N2.
        pose proof (rounded_product _ _ _ _ _ _ HP HQ N1 N2) as Hp.
        rewrite (Z.mul_comm (nth k W 0)). lia.
      - rewrite sum_scale, sum_plus, sum_plus, sum_const.
        rewrite <- (total_sum E e HE), <- (total_sum W e HW).
        pose proof (largest_of_spec total es E InE). pose proof (largest_of_spec total ws W InW).
        apply Z.mul_le_mono_nonneg_l; nia. }
    rewrite !Z.pow_add_r by lia.
    pose proof (near_shiftr s (zdot W E) F2) as N3. unfold near in N3.
    set (d := zdot W E) in *. set (v := Z.shiftr d s) in *. set (f := folded embed linear x i) in *.
    set (T := 2 ^ ke * 2 ^ kw) in *. assert (0 < T) by (unfold T; nia).
    split; nia.
  Qed.
End Fold.

(** ** The rounded network of a network stored as factors *)
Definition round_factored (ke kw s ku : Z) (w : factored) : rounded :=
  let m := length (factored_unembeds w) in
  let n := length (factored_table w) in
  {| rows_left := fold_rows s (down ke (embeds_left w)) (down kw (transpose m (hiddens_left w)));
     rows_right := fold_rows s (down ke (embeds_right w)) (down kw (transpose m (hiddens_right w)));
     rows_unembed := down ku (transpose n (factored_unembeds w));
     row_bias := map (fun b => Z.shiftr (Z.shiftl (binary32 b) 298) (ke + kw + s + ku)) (factored_biases w);
     row_table := factored_table w |}.

Definition factored_fits (ke kw s : Z) (w : factored) : bool :=
  let m := length (factored_unembeds w) in
  (0 <=? ke) && (0 <=? kw) &&
  fold_fits s (length (hiddens_left w)) (down ke (embeds_left w)) (down kw (transpose m (hiddens_left w))) &&
  fold_fits s (length (hiddens_right w)) (down ke (embeds_right w)) (down kw (transpose m (hiddens_right w))).

Theorem round_factored_rounds w ke kw s ku :
  well_formed_factored w = true -> factored_fits ke kw s w = true -> 0 <= ku ->
  rounds (exact_factored_network w) (ke + kw + s) ku 4 (round_factored ke kw s ku w).
Proof.
  intros H F Hku. unfold well_formed_factored in H. rewrite !andb_true_iff in H.
  destruct H as [[[[[[[[[[[[Hel Her] Hhl] Hhr] Hu] Hb] Ht] _] _] _] _] _] _].
  unfold factored_fits in F. rewrite !andb_true_iff, !Z.leb_le in F. destruct F as [[[Hke Hkw] Fl] Fr].
  assert (Hs : 0 <= s) by (unfold fold_fits in Fl; rewrite !andb_true_iff, !Z.leb_le in Fl; tauto).
  pose proof (shaped_spec _ _ _ Hu) as Hu'. pose proof (shaped_spec _ _ _ Ht) as Ht'. apply Nat.eqb_eq in Hb.
  destruct (transpose_shape (length (factored_table w)) _ (factored_unembeds w) eq_refl) as [T1 T2].
  constructor; try lia.
  - apply (fold_shape (embeds_left w) (hiddens_left w) _ _ _ ke kw s Hel).
  - apply (fold_shape (embeds_right w) (hiddens_right w) _ _ _ ke kw s Her).
  - apply shaped_map; tauto.
  - simpl. rewrite map_length. exact Hb.
  - reflexivity.
  - apply Ht'.
  - reflexivity.
  - intros x y i Hx Hy Hi.
    pose proof (fold_near (embeds_left w) (hiddens_left w) _ _ _ ke kw s Hel Hhl Hke Hkw Fl x i Hx Hi) as H1.
    pose proof (fold_near (embeds_right w) (hiddens_right w) _ _ _ ke kw s Her Hhr Hke Hkw Fr y i Hy Hi) as H2.
    assert (0 < 2 ^ (ke + kw + s)) by (apply Z.pow_pos_nonneg; lia).
    unfold exact_factored_network, round_factored, Spec.left, Spec.right, rows_left, rows_right.
    set (P := 2 ^ (ke + kw + s)) in *. nia.
  - intros i z Hi Hz. simpl.
    rewrite (zentry_map (fun b => Z.shiftr (binary32 b) ku) _ _ _ (transpose _ (factored_unembeds w)) z i T1 T2) by auto.
    rewrite (transpose_entry _ _ _ i z eq_refl) by auto. apply near_shiftr; assumption.
  - intros z Hz. simpl. simpl in Hz.
    set (f := fun b => Z.shiftr (Z.shiftl (binary32 b) 298) (ke + kw + s + ku)).
    rewrite (nth_indep _ 0 (f 0%uint63)) by (rewrite map_length; lia).
    rewrite (map_nth f). apply near_shiftr. lia.
Qed.

(** Theorem 1 (exact), for networks stored as factors. *)
Definition exact_factored (ke kw s ku : Z) (w : factored) : Z :=
  if well_formed_factored w && factored_fits ke kw s w && (0 <=? ku) then
    exact_rounded 4 (length (factored_unembeds w)) (round_factored ke kw s ku w)
  else 0.

Theorem exact_factored_sound ke kw s ku w : exact_factored ke kw s ku w <= right_pairs (exact_factored_network w).
Proof.
  unfold exact_factored. destruct (well_formed_factored w && factored_fits ke kw s w && (0 <=? ku)) eqn:G;
    [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, Z.leb_le in G. destruct G as [[wf F] Hku].
  apply (exact_rounded_sound (exact_factored_network w) (ke + kw + s) ku 4). apply round_factored_rounds; assumption.
Qed.
