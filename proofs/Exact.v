(** Theorem 1 (exact): every output of every pair, evaluated in machine integers on the rounded network. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine.
Import ListNotations.
Open Scope Z_scope.

(** ** Sizes *)
Fixpoint largest (l : list Z) : Z := match l with nil => 0 | v :: l' => Z.max (Z.abs v) (largest l') end.
Fixpoint total (l : list Z) : Z := match l with nil => 0 | v :: l' => Z.abs v + total l' end.
Fixpoint largest_of (f : list Z -> Z) (rows : list (list Z)) : Z :=
  match rows with nil => 0 | row :: rows' => Z.max (f row) (largest_of f rows') end.

Lemma largest_spec l v : In v l -> Z.abs v <= largest l.
Proof. induction l; simpl; [tauto|]. intros [->|H]; [lia|]. specialize (IHl H). lia. Qed.

Lemma largest_nonneg l : 0 <= largest l.
Proof. induction l; simpl; lia. Qed.

Lemma largest_of_spec f rows row : In row rows -> f row <= largest_of f rows.
Proof. induction rows; simpl; [tauto|]. intros [->|H]; [lia|]. specialize (IHrows H). lia. Qed.

Lemma largest_of_nonneg f rows : 0 <= largest_of f rows.
Proof. induction rows; simpl; lia. Qed.

Lemma total_sum l m : length l = m -> total l = sum m (fun i => Z.abs (nth i l 0)).
Proof.
  revert m; induction l; intros m Hm; simpl in Hm; subst; [reflexivity|].
  rewrite sum_split_first. simpl total. rewrite (IHl (length l) eq_refl). reflexivity.
Qed.

(** Σ|unembed| over the neurons, over all outputs; the most that a neuron can be; the largest bias. *)
Definition reads_most (r : rounded) : Z := largest_of largest (rows_left r) + largest_of largest (rows_right r).
Definition writes_most (r : rounded) : Z := largest_of total (rows_unembed r).
Definition bias_most (r : rounded) : Z := largest (row_bias r).

(** ** The evaluation *)
Definition logits (columns : list (list int * int)) (hs : list int) : list int :=
  map (fun ub => dot (snd ub) (fst ub) hs) columns.

Definition settled (columns : list (list int * int)) (need : int) (l r : list int) (label : int) : bool :=
  let fs := logits columns (hiddens l r) in
  let c := Z.to_nat (to_Z label) in
  others c (nth c fs 0%uint63 - need)%uint63 fs.

Definition count_if (A : Type) (p : A -> bool) (l : list A) : Z :=
  fold_right (fun a acc => (if p a then 1 else 0) + acc) 0 l.
Arguments count_if {A}.

Definition count_settled (columns : list (list int * int)) (need : int)
    (ls rs : list (list int)) (t : list (list int)) : Z :=
  fold_right (fun lt acc =>
    count_if (fun rc => settled columns need (fst lt) (fst rc) (snd rc)) (combine rs (snd lt)) + acc)
    0 (combine ls t).

(** The number of pairs that the rounded network settles; 0 where a sum could leave 63 bits. *)
Definition exact_rounded (a : Z) (m : nat) (r : rounded) : Z :=
  let M := reads_most r in
  let A := writes_most r in
  let need := 2 * slack a m A M + 1 in
  if (2 * (A * M + bias_most r) + need <? 2 ^ 62) && (M <? 2 ^ 62) then
    let rows := map (map of_Z) in
    count_settled (combine (rows (rows_unembed r)) (map of_Z (row_bias r))) (of_Z need)
      (rows (rows_left r)) (rows (rows_right r)) (row_table r)
  else 0.

(** The checker: [kl] and [ku] may be anything; bad ones give a worse number. *)
Definition exact (kl ku : Z) (w : stored) : Z :=
  if well_formed w && (0 <=? kl) && (0 <=? ku) then exact_rounded 2 (length (unembeds w)) (round kl ku w) else 0.

(** ** Its soundness *)
Lemma fold_right_sum (A : Type) (l : list A) (d : A) (f : A -> Z) (n : nat) :
  length l = n -> fold_right (fun a acc => f a + acc) 0 l = sum n (fun i => f (nth i l d)).
Proof. intros <-. symmetry. apply sum_seq. Qed.

Lemma zshaped_map rows columns (t : list (list Z)) x :
  zshaped rows columns t -> (x < rows)%nat -> nth x (map (map of_Z) t) nil = map of_Z (nth x t nil).
Proof.
  intros [H _] Hx. rewrite (nth_indep _ nil (map of_Z nil)) by (rewrite map_length; lia). apply map_nth.
Qed.

Lemma zshaped_in rows columns (t : list (list Z)) x :
  zshaped rows columns t -> (x < rows)%nat -> In (nth x t nil) t.
Proof. intros [H _] Hx. apply nth_In. lia. Qed.

Section ExactSound.
  Variables (n m : nat) (r : rounded).
  Hypothesis shape_l : zshaped n m (rows_left r).
  Hypothesis shape_r : zshaped n m (rows_right r).
  Hypothesis shape_u : zshaped n m (rows_unembed r).
  Hypothesis shape_b : length (row_bias r) = n.
  Hypothesis shape_t : length (row_table r) = n.
  Hypothesis shape_t' : forall x, (x < n)%nat -> length (nth x (row_table r) nil) = n.
  Let N' := rounded_network m r.
  Let M := reads_most r.
  Let A := writes_most r.
  Let B := A * M + bias_most r.
  Let columns := combine (map (map of_Z) (rows_unembed r)) (map of_Z (row_bias r)).

  Lemma M_nonneg : 0 <= M.
  Proof. pose proof (largest_of_nonneg largest (rows_left r)). pose proof (largest_of_nonneg largest (rows_right r)).
    unfold M, reads_most. lia. Qed.

  Lemma left_bound x a : (x < n)%nat -> In a (nth x (rows_left r) nil) -> Z.abs a <= largest_of largest (rows_left r).
  Proof.
    intros Hx Ha. eapply Z.le_trans; [apply largest_spec; exact Ha|].
    apply largest_of_spec. eapply zshaped_in; eassumption.
  Qed.

  Lemma right_bound x a : (x < n)%nat -> In a (nth x (rows_right r) nil) -> Z.abs a <= largest_of largest (rows_right r).
  Proof.
    intros Hx Ha. eapply Z.le_trans; [apply largest_spec; exact Ha|].
    apply largest_of_spec. eapply zshaped_in; eassumption.
  Qed.

  Lemma reads_bound x y i : (x < n)%nat -> (y < n)%nat -> (i < m)%nat ->
    Z.abs (left N' x i) + Z.abs (right N' y i) <= M.
  Proof.
    intros Hx Hy Hi. simpl. unfold zentry.
    pose proof (left_bound x (nth i (nth x (rows_left r) nil) 0) Hx).
    pose proof (right_bound y (nth i (nth y (rows_right r) nil) 0) Hy).
    assert (In (nth i (nth x (rows_left r) nil) 0) (nth x (rows_left r) nil))
      by (apply nth_In; destruct shape_l as [_ E]; rewrite E; auto).
    assert (In (nth i (nth y (rows_right r) nil) 0) (nth y (rows_right r) nil))
      by (apply nth_In; destruct shape_r as [_ E]; rewrite E; auto).
    specialize (H H1). specialize (H0 H2). clear -H H0. unfold M, reads_most. lia.
  Qed.

  Lemma writes_bound z : (z < n)%nat -> sum m (fun i => Z.abs (unembed N' i z)) <= A.
  Proof.
    intros Hz. simpl. unfold zentry. rewrite <- (total_sum (nth z (rows_unembed r) nil) m)
      by (destruct shape_u as [_ ->]; auto).
    apply largest_of_spec. eapply zshaped_in; eassumption.
  Qed.

  Lemma logit_bound x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> Z.abs (logit N' x y z) <= B.
  Proof.
    intros Hx Hy Hz. unfold logit. change (width N') with m.
    assert (Hb : Z.abs (bias N' z) <= bias_most r) by (apply largest_spec, nth_In; lia).
    assert (Hs : Z.abs (sum m (fun i => unembed N' i z * relu (left N' x i + right N' y i))) <= A * M).
    { eapply Z.le_trans; [apply sum_abs|].
      eapply Z.le_trans; [apply sum_le with (g := fun i => M * Z.abs (unembed N' i z))|].
      - intros i Hi. cbv beta. rewrite Z.abs_mul. pose proof (reads_bound x y i Hx Hy Hi).
        assert (Z.abs (relu (left N' x i + right N' y i)) <= M) by (unfold relu; lia). nia.
      - rewrite sum_scale. pose proof (writes_bound z Hz). pose proof M_nonneg. nia. }
    unfold B. lia.
  Qed.

  Section Pair.
    Variables (x y : nat) (need : Z).
    Hypothesis Hx : (x < n)%nat.
    Hypothesis Hy : (y < n)%nat.
    Hypothesis small : M < 2 ^ 62.
    Hypothesis no_overflow : 2 * B + need < 2 ^ 62.
    Hypothesis need_nonneg : 0 <= need.
    Let hs := hiddens (nth x (map (map of_Z) (rows_left r)) nil) (nth y (map (map of_Z) (rows_right r)) nil).

    Lemma logits_length : length (logits columns hs) = n.
    Proof.
      unfold logits, columns. rewrite map_length, combine_length, !map_length. destruct shape_u as [-> _]. lia.
    Qed.

    Lemma logits_stand z : (z < n)%nat -> stands (nth z (logits columns hs) 0%uint63) (logit N' x y z).
    Proof.
      intros Hz. unfold logits.
      set (g := fun ub : list int * int => dot (snd ub) (fst ub) hs).
      rewrite (nth_indep _ 0%uint63 (g (nil, 0%uint63)))
        by (rewrite map_length; unfold columns; rewrite combine_length, !map_length; destruct shape_u as [-> _]; lia).
      rewrite map_nth. unfold columns.
      rewrite combine_nth by (rewrite !map_length; destruct shape_u as [-> _]; lia).
      unfold g; simpl fst; simpl snd.
      rewrite (zshaped_map n m) by assumption.
      replace (nth z (map of_Z (row_bias r)) 0%uint63) with (of_Z (nth z (row_bias r) 0)).
      2:{ rewrite <- (map_nth of_Z). reflexivity. }
      unfold logit. change (width N') with m. rewrite Z.add_comm.
      change (bias N' z) with (nth z (row_bias r) 0).
      assert (Hl : length (nth x (rows_left r) nil) = m) by (destruct shape_l as [_ ->]; auto).
      assert (Hr : length (nth y (rows_right r) nil) = m) by (destruct shape_r as [_ ->]; auto).
      assert (Hu : length (nth z (rows_unembed r) nil) = m) by (destruct shape_u as [_ ->]; auto).
      replace (sum m (fun i => unembed N' i z * relu (left N' x i + right N' y i)))
        with (zdot (nth z (rows_unembed r) nil) (zhiddens (nth x (rows_left r) nil) (nth y (rows_right r) nil))).
      2:{ rewrite (zdot_sum _ _ m) by (auto using zhiddens_length). apply sum_ext. intros i Hi.
          rewrite (zhiddens_nth _ _ m) by auto. reflexivity. }
      apply stands_dot; [|apply stands_of_Z].
      unfold hs. rewrite (zshaped_map n m) by assumption. rewrite (zshaped_map n m) by assumption.
      apply stands_hiddens with (L := largest_of largest (rows_left r)) (R := largest_of largest (rows_right r)).
      - apply largest_of_nonneg.
      - apply largest_of_nonneg.
      - exact small.
      - intros a Ha. exact (left_bound x a Hx Ha).
      - intros b Hb. exact (right_bound y b Hy Hb).
    Qed.

    Lemma settled_sound label :
      settled columns (of_Z need) (nth x (map (map of_Z) (rows_left r)) nil)
        (nth y (map (map of_Z) (rows_right r)) nil) label = true ->
      let c := Z.to_nat (to_Z label) in
      (c < n)%nat /\
      forall z, (z < n)%nat -> z <> c -> need <= logit N' x y c - logit N' x y z.
    Proof.
      unfold settled. fold hs. intros H. apply others_spec in H. rewrite logits_length in H. destruct H as [Hc H].
      split; [exact Hc|]. intros z Hz Hne. specialize (H z Hz Hne). unfold below in H.
      set (c := Z.to_nat (to_Z label)) in *.
      rewrite (nonnegative _ (logit N' x y c - need - logit N' x y z)) in H.
      - apply Z.leb_le in H. lia.
      - apply stands_sub; [apply stands_sub; [apply logits_stand; exact Hc|apply stands_of_Z]|apply logits_stand; exact Hz].
      - pose proof (logit_bound x y c Hx Hy Hc). pose proof (logit_bound x y z Hx Hy Hz). lia.
    Qed.
  End Pair.
End ExactSound.


Lemma right_pairs_nonneg N : 0 <= right_pairs N.
Proof.
  unfold right_pairs. apply sum_nonneg. intros x _. apply sum_nonneg. intros y _. destruct (right_answerb N x y); lia.
Qed.

(** What a rule has to show of a pair of the rounded network. *)
Definition margin_above (m : nat) (r : rounded) (need : Z) (x y : nat) : Prop :=
  let c := table_product (row_table r) x y in
  (c < length (row_table r))%nat /\
  forall z, (z < length (row_table r))%nat -> z <> c ->
    need <= logit (rounded_network m r) x y c - logit (rounded_network m r) x y z.

Lemma margin_right N kl ku a r x y :
  rounds N kl ku a r -> (x < order N)%nat -> (y < order N)%nat ->
  margin_above (width N) r (2 * slack a (width N) (writes_most r) (reads_most r) + 1) x y -> right_answer N x y.
Proof.
  intros R Hx Hy [Hc H]. rewrite (shape_table _ _ _ _ _ R) in *.
  apply (rounding_sound N (rounded_network (width N) r) kl ku a (writes_most r) (reads_most r));
    try (destruct R; assumption); try reflexivity; auto.
  - intros z Hz. apply (writes_bound (order N)); [apply R|exact Hz].
  - intros x0 y0 i Hx0 Hy0 Hi.
    pose proof (reads_bound (order N) (width N) r (shape_left _ _ _ _ _ R) (shape_right _ _ _ _ _ R) x0 y0 i Hx0 Hy0 Hi).
    unfold relu. lia.
  - intros z Hz Hne. specialize (H z Hz Hne). simpl product. lia.
Qed.

Theorem exact_rounded_sound N kl ku a r :
  rounds N kl ku a r -> exact_rounded a (width N) r <= right_pairs N.
Proof.
  intros R. pose proof R as [_ _ Ha Sl Sr Su Sb St St' _ _ _ _].
  unfold exact_rounded.
  set (n := order N) in *. set (m := width N) in *.
  set (M := reads_most r). set (A := writes_most r). set (need := 2 * slack a m A M + 1).
  destruct ((2 * (A * M + bias_most r) + need <? 2 ^ 62) && (M <? 2 ^ 62)) eqn:G; [|apply right_pairs_nonneg].
  apply andb_true_iff in G. rewrite !Z.ltb_lt in G. destruct G as [G1 G2].
  assert (HM : 0 <= M).
  { unfold M, reads_most. pose proof (largest_of_nonneg largest (rows_left r)).
    pose proof (largest_of_nonneg largest (rows_right r)). lia. }
  assert (HA : 0 <= A) by (apply largest_of_nonneg).
  assert (Hneed : 0 <= need) by (unfold need, slack; nia).
  unfold count_settled, right_pairs. fold n.
  rewrite (fold_right_sum _ _ (nil, nil)
    (fun lt => count_if _ (combine (map (map of_Z) (rows_right r)) (snd lt))) n)
    by (rewrite combine_length, map_length; destruct Sl as [-> _]; lia).
  apply sum_le. intros x Hx. cbv beta. unfold count_if.
  rewrite combine_nth by (rewrite map_length; destruct Sl as [-> _]; lia). simpl fst. simpl snd.
  rewrite (fold_right_sum _ _ (nil, 0%uint63) (fun rc => if settled _ _ _ (fst rc) (snd rc) then 1 else 0) n)
    by (rewrite combine_length, map_length; destruct Sr as [-> _]; rewrite St'; lia).
  apply sum_le. intros y Hy. cbv beta.
  rewrite combine_nth by (rewrite map_length; destruct Sr as [-> _]; rewrite St'; auto). simpl fst. simpl snd.
  match goal with |- (if ?s then _ else _) <= _ => destruct s eqn:Hs end;
    [|destruct (right_answerb N x y); lia].
  apply (settled_sound n m r Sl Sr Su Sb St x y need Hx Hy G2 G1 Hneed) in Hs.
  assert (Hright : right_answer N x y).
  { apply (margin_right N kl ku a r x y R Hx Hy). unfold margin_above. rewrite St. exact Hs. }
  apply right_answerb_spec in Hright. rewrite Hright. lia.
Qed.

(** Theorem 1 (exact): the checker's number is never above the truth. *)
Theorem exact_sound kl ku w : exact kl ku w <= right_pairs (exact_network w).
Proof.
  unfold exact. destruct (well_formed w && (0 <=? kl) && (0 <=? ku)) eqn:G; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, !Z.leb_le in G. destruct G as [[wf Hkl] Hku].
  apply (exact_rounded_sound (exact_network w) kl ku 2). apply round_rounds; assumption.
Qed.
