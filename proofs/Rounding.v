(** Fixed point: a network whose weights are rounded down to multiples of a power of two, and how far its outputs are. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums.
Import ListNotations.
Open Scope Z_scope.

(** [b] is [a] in units of [2^k], rounded down. *)
Definition near (k a b : Z) : Prop := 2 ^ k * b <= a < 2 ^ k * (b + 1).

Lemma near_shiftr k a : 0 <= k -> near k a (Z.shiftr a k).
Proof.
  intros Hk. unfold near. rewrite Z.shiftr_div_pow2 by assumption.
  assert (0 < 2 ^ k) by (apply Z.pow_pos_nonneg; lia).
  pose proof (Z.div_mod a (2 ^ k) ltac:(lia)). pose proof (Z.mod_pos_bound a (2 ^ k) ltac:(lia)). nia.
Qed.

(** One neuron: what it reads is known to [a] units, what it writes is rounded down. *)
Lemma rounded_term P Q a u u' t t' M :
  0 < P -> 0 < Q -> 0 <= a ->
  Q * u' <= u < Q * (u' + 1) ->
  P * (t' - a) <= t <= P * (t' + a) ->
  relu t' <= M ->
  Z.abs (u * relu t - P * Q * (u' * relu t')) <= P * Q * (a * Z.abs u' + M + a).
Proof.
  intros HP HQ Ha Hu Ht HM. unfold relu in *.
  set (h := Z.max 0 t). set (h' := Z.max 0 t') in *.
  assert (Hh : P * (h' - a) <= h <= P * (h' + a)).
  { unfold h, h'. destruct (Z.max_spec 0 t) as [[? ->]|[? ->]]; destruct (Z.max_spec 0 t') as [[? ->]|[? ->]]; nia. }
  assert (Hh0 : 0 <= h') by (unfold h'; lia).
  remember (u - Q * u') as p. remember (h - P * h') as q.
  assert (0 <= p < Q) by lia. assert (Hq : Z.abs q <= P * a) by lia.
  replace (u * h - P * Q * (u' * h')) with (Q * u' * q + p * (P * h') + p * q) by (subst; ring).
  assert (E1 : Z.abs (Q * u' * q) <= P * Q * (a * Z.abs u')).
  { rewrite !Z.abs_mul. rewrite (Z.abs_eq Q) by lia.
    replace (P * Q * (a * Z.abs u')) with (Q * Z.abs u' * (P * a)) by ring.
    apply Z.mul_le_mono_nonneg_l; nia. }
  assert (E2 : 0 <= p * (P * h') <= P * Q * M).
  { split; [nia|]. replace (P * Q * M) with (Q * (P * M)) by ring. apply Z.mul_le_mono_nonneg; nia. }
  assert (E3 : Z.abs (p * q) <= P * Q * a).
  { rewrite Z.abs_mul, (Z.abs_eq p) by lia. replace (P * Q * a) with (Q * (P * a)) by ring.
    apply Z.mul_le_mono_nonneg; lia. }
  lia.
Qed.

(** By how much, in units of 2^(kl+ku), an output of the rounded network may differ from the true one. *)
Definition slack (a : Z) (m : nat) (A M : Z) : Z := a * A + Z.of_nat m * (M + a) + 1.

Section Rounding.
  Variables (N N' : network) (kl ku a A M : Z).
  Hypothesis Hkl : 0 <= kl.
  Hypothesis Hku : 0 <= ku.
  Hypothesis Ha : 0 <= a.
  Hypothesis Hwidth : width N' = width N.
  Hypothesis Hproduct : forall x y, product N x y = product N' x y.
  Hypothesis Hreads : forall x y i, (x < order N)%nat -> (y < order N)%nat -> (i < width N)%nat ->
    2 ^ kl * (left N' x i + right N' y i - a) <= left N x i + right N y i <=
    2 ^ kl * (left N' x i + right N' y i + a).
  Hypothesis Hunembed : forall i z, (i < width N)%nat -> (z < order N)%nat ->
    near ku (unembed N i z) (unembed N' i z).
  Hypothesis Hbias : forall z, (z < order N)%nat -> near (kl + ku) (bias N z) (bias N' z).
  Hypothesis writes : forall z, (z < order N)%nat -> sum (width N) (fun i => Z.abs (unembed N' i z)) <= A.
  Hypothesis reads : forall x y i, (x < order N)%nat -> (y < order N)%nat -> (i < width N)%nat ->
    relu (left N' x i + right N' y i) <= M.

  Lemma rounded_logit x y z :
    (x < order N)%nat -> (y < order N)%nat -> (z < order N)%nat ->
    Z.abs (logit N x y z - 2 ^ (kl + ku) * logit N' x y z) <= 2 ^ (kl + ku) * slack a (width N) A M.
  Proof.
    intros Hx Hy Hz.
    assert (HP : 0 < 2 ^ kl) by (apply Z.pow_pos_nonneg; lia).
    assert (HQ : 0 < 2 ^ ku) by (apply Z.pow_pos_nonneg; lia).
    assert (HPQ : 2 ^ (kl + ku) = 2 ^ kl * 2 ^ ku) by (apply Z.pow_add_r; lia).
    unfold logit. rewrite Hwidth, HPQ.
    set (P := 2 ^ kl) in *. set (Q := 2 ^ ku) in *.
    replace (sum (width N) (fun i => unembed N i z * relu (left N x i + right N y i)) + bias N z -
             P * Q * (sum (width N) (fun i => unembed N' i z * relu (left N' x i + right N' y i)) + bias N' z))
      with (sum (width N) (fun i => unembed N i z * relu (left N x i + right N y i) -
                                    P * Q * (unembed N' i z * relu (left N' x i + right N' y i))) +
            (bias N z - P * Q * bias N' z))
      by (rewrite sum_minus, sum_scale; ring).
    pose proof (Hbias z Hz) as Hb. unfold near in Hb. rewrite HPQ in Hb. fold P Q in Hb.
    assert (Hs : Z.abs (sum (width N) (fun i => unembed N i z * relu (left N x i + right N y i) -
                                    P * Q * (unembed N' i z * relu (left N' x i + right N' y i)))) <=
                 P * Q * (a * A + Z.of_nat (width N) * (M + a))).
    { eapply Z.le_trans; [apply sum_abs|].
      eapply Z.le_trans; [apply sum_le with (g := fun i => P * Q * (a * Z.abs (unembed N' i z) + (M + a)))|].
      - intros i Hi. cbv beta.
        replace (a * Z.abs (unembed N' i z) + (M + a)) with (a * Z.abs (unembed N' i z) + M + a) by ring.
        apply rounded_term; auto. apply (Hunembed i z Hi Hz).
      - rewrite sum_scale, sum_plus, sum_const, sum_scale. pose proof (writes z Hz).
        apply Z.mul_le_mono_nonneg_l; nia. }
    unfold slack. assert (0 < P * Q) by nia. nia.
  Qed.

  (** A margin above twice the slack in the rounded network is a margin of the true one. *)
  Theorem rounding_sound x y :
    (x < order N)%nat -> (y < order N)%nat ->
    (product N' x y < order N)%nat ->
    (forall z, (z < order N)%nat -> z <> product N' x y ->
       2 * slack a (width N) A M < logit N' x y (product N' x y) - logit N' x y z) ->
    right_answer N x y.
  Proof.
    intros Hx Hy Hc H. unfold right_answer. rewrite Hproduct. split; [exact Hc|].
    intros z Hz Hne. specialize (H z Hz Hne).
    pose proof (rounded_logit x y z Hx Hy Hz) as H1.
    pose proof (rounded_logit x y _ Hx Hy Hc) as H2.
    assert (0 < 2 ^ (kl + ku)) by (apply Z.pow_pos_nonneg; lia).
    set (S := slack a (width N) A M) in *. nia.
  Qed.
End Rounding.

(** ** The rounded network of stored weights *)
Record rounded := Rounded {
  rows_left : list (list Z);      (* n rows of m *)
  rows_right : list (list Z);     (* n rows of m *)
  rows_unembed : list (list Z);   (* n rows of m: transposed *)
  row_bias : list Z;
  row_table : list (list int)
}.

Definition zentry (rows : list (list Z)) (i j : nat) : Z := nth j (nth i rows nil) 0.

Definition transpose (columns : nat) (rows : list (list int)) : list (list int) :=
  map (fun j => map (fun row => nth j row 0%uint63) rows) (seq 0 columns).

(** [kl], [ku]: how many binary places below 1 (units of 2^-149) are dropped. *)
Definition round (kl ku : Z) (w : stored) : rounded :=
  let down k := map (map (fun b => Z.shiftr (binary32 b) k)) in
  {| rows_left := down kl (lefts w);
     rows_right := down kl (rights w);
     rows_unembed := down ku (transpose (length (table w)) (unembeds w));
     row_bias := map (fun b => Z.shiftr (Z.shiftl (binary32 b) 149) (kl + ku)) (biases w);
     row_table := table w |}.

Definition rounded_network (m : nat) (r : rounded) : network := {|
  order := length (row_table r);
  width := m;
  left := fun x i => zentry (rows_left r) x i;
  right := fun y i => zentry (rows_right r) y i;
  unembed := fun i z => zentry (rows_unembed r) z i;
  bias := fun z => nth z (row_bias r) 0;
  product := table_product (row_table r)
|}.

Definition zshaped (rows columns : nat) (t : list (list Z)) : Prop :=
  length t = rows /\ forall x, (x < rows)%nat -> length (nth x t nil) = columns.

Lemma shaped_spec rows columns t :
  shaped rows columns t = true ->
  length t = rows /\ forall x, (x < rows)%nat -> length (nth x t nil) = columns.
Proof.
  unfold shaped. rewrite andb_true_iff, Nat.eqb_eq, forallb_forall. intros [H1 H2]. split; [assumption|].
  intros x Hx. apply Nat.eqb_eq, H2, nth_In. lia.
Qed.

Lemma zentry_map f rows (a b : nat) t x i :
  length t = a -> (forall x, (x < a)%nat -> length (nth x t nil) = b) -> (x < a)%nat -> (i < b)%nat ->
  rows = map (map f) t -> zentry rows x i = f (entry t x i).
Proof.
  intros Ha Hb Hx Hi ->. unfold zentry, entry.
  rewrite (nth_indep _ nil (map f nil)) by (rewrite map_length; lia).
  rewrite map_nth, (nth_indep _ 0 (f 0%uint63)) by (rewrite map_length, Hb; lia).
  apply map_nth.
Qed.

Lemma transpose_shape n m t :
  length t = m -> length (transpose n t) = n /\ forall z, (z < n)%nat -> length (nth z (transpose n t) nil) = m.
Proof.
  intros Hm. unfold transpose. rewrite map_length, seq_length. split; [reflexivity|].
  intros z Hz. rewrite (nth_indep _ nil ((fun j => map (fun row => nth j row 0%uint63) t) O))
    by (rewrite map_length, seq_length; lia).
  rewrite (map_nth (fun j => map (fun row => nth j row 0%uint63) t)), map_length. assumption.
Qed.

Lemma transpose_entry n m t i z :
  length t = m -> (i < m)%nat -> (z < n)%nat -> entry (transpose n t) z i = entry t i z.
Proof.
  intros Hm Hi Hz. unfold entry, transpose.
  rewrite (nth_indep _ nil ((fun j => map (fun row => nth j row 0%uint63) t) O))
    by (rewrite map_length, seq_length; lia).
  rewrite (map_nth (fun j => map (fun row => nth j row 0%uint63) t)), seq_nth by lia. simpl.
  rewrite (nth_indep _ 0%uint63 ((fun row => nth z row 0%uint63) nil)) by (rewrite map_length; lia).
  rewrite (map_nth (fun row => nth z row 0%uint63)). reflexivity.
Qed.

(** [r] is [N] in fixed point: reads in units of 2^kl, known to [a] units; writes in units of 2^ku, rounded down. *)
Record rounds (N : network) (kl ku a : Z) (r : rounded) : Prop := {
  kl_nonneg : 0 <= kl;
  ku_nonneg : 0 <= ku;
  a_nonneg : 0 <= a;
  shape_left : zshaped (order N) (width N) (rows_left r);
  shape_right : zshaped (order N) (width N) (rows_right r);
  shape_unembed : zshaped (order N) (width N) (rows_unembed r);
  shape_bias : length (row_bias r) = order N;
  shape_table : length (row_table r) = order N;
  shape_table_rows : forall x, (x < order N)%nat -> length (nth x (row_table r) nil) = order N;
  same_product : forall x y, product N x y = table_product (row_table r) x y;
  reads_near : forall x y i, (x < order N)%nat -> (y < order N)%nat -> (i < width N)%nat ->
    2 ^ kl * (zentry (rows_left r) x i + zentry (rows_right r) y i - a) <= left N x i + right N y i <=
    2 ^ kl * (zentry (rows_left r) x i + zentry (rows_right r) y i + a);
  unembed_near : forall i z, (i < width N)%nat -> (z < order N)%nat ->
    near ku (unembed N i z) (zentry (rows_unembed r) z i);
  bias_near : forall z, (z < order N)%nat -> near (kl + ku) (bias N z) (nth z (row_bias r) 0)
}.

Lemma shaped_map (f : int -> Z) a b (t : list (list int)) :
  length t = a -> (forall x, (x < a)%nat -> length (nth x t nil) = b) -> zshaped a b (map (map f) t).
Proof.
  intros Ha Hb. split; [rewrite map_length; assumption|]. intros x Hx.
  rewrite (nth_indep _ nil (map f nil)) by (rewrite map_length; lia).
  rewrite map_nth, map_length. auto.
Qed.

Theorem round_rounds w kl ku :
  well_formed w = true -> 0 <= kl -> 0 <= ku -> rounds (exact_network w) kl ku 2 (round kl ku w).
Proof.
  intros H Hkl Hku. unfold well_formed in H. rewrite !andb_true_iff in H.
  destruct H as [[[[[[[[Hl Hr] Hu] Hb] Ht] _] _] _] _].
  apply shaped_spec in Hl, Hr, Hu, Ht. apply Nat.eqb_eq in Hb.
  destruct (transpose_shape (length (table w)) (length (unembeds w)) (unembeds w) eq_refl) as [T1 T2].
  constructor; simpl; try lia; try assumption; try reflexivity; try (apply shaped_map; tauto).
  - rewrite map_length. exact Hb.
  - apply Ht.
  - intros x y i Hx Hy Hi.
    rewrite (zentry_map (fun b => Z.shiftr (binary32 b) kl) _ _ _ (lefts w) x i (proj1 Hl) (proj2 Hl)) by auto.
    rewrite (zentry_map (fun b => Z.shiftr (binary32 b) kl) _ _ _ (rights w) y i (proj1 Hr) (proj2 Hr)) by auto.
    pose proof (near_shiftr kl (binary32 (entry (lefts w) x i)) Hkl) as H1.
    pose proof (near_shiftr kl (binary32 (entry (rights w) y i)) Hkl) as H2.
    unfold near in H1, H2. lia.
  - intros i z Hi Hz.
    rewrite (zentry_map (fun b => Z.shiftr (binary32 b) ku) _ _ _ (transpose _ (unembeds w)) z i T1 T2) by auto.
    rewrite (transpose_entry _ _ _ i z eq_refl) by auto. apply near_shiftr; assumption.
  - intros z Hz.
    rewrite (nth_indep _ 0 ((fun b => Z.shiftr (Z.shiftl (binary32 b) 149) (kl + ku)) 0%uint63))
      by (rewrite map_length; lia).
    rewrite (map_nth (fun b => Z.shiftr (Z.shiftl (binary32 b) 149) (kl + ku))). apply near_shiftr. lia.
Qed.
