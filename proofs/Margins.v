(** Theorem 3 (lowrank), Theorem 4 (points), Theorem 8 (each) and Theorem 10 (even) over the real numbers, as the Python checker
    takes them: any activation function, lengths and errors are any upper bounds.  Sums go over neurons 0 .. m-1, over the points
    of G-sets, or over those at which neurons sit, the columns. *)
From Coq Require Import Reals Lra Lia Arith Bool.
From Rhoset Require Import RealSums.
Open Scope R_scope.

(** ** Theorem 3 (lowrank) *)
Section LowRank.
  Variables (m k : nat).
  Variables (v : nat -> nat -> R) (F : nat -> nat -> R) (W : nat -> nat -> R).   (* z, i; z, j; i, j *)
  Variables (s h a b : nat -> R) (N : nat -> R) (e : R).
  Hypothesis weights : forall i, (i < m)%nat -> 0 < s i.
  Definition tail (i : nat) : R := h i - a i - b i.
  Definition told (j : nat) : R := sum m (fun i => tail i * W i j).
  Definition untold (z i : nat) : R := v z i - sum k (fun j => W i j * F z j).
  Hypothesis lengths : forall z, within m (fun i => untold z i / s i) (N z).
  Hypothesis length_of_tail : within m (fun i => s i * tail i) e.

  Lemma output_split z : sum m (fun i => v z i * h i) =
    sum m (fun i => v z i * a i) + sum m (fun i => v z i * b i) + sum k (fun j => told j * F z j) +
    sum m (fun i => untold z i * tail i).
  Proof.
    assert (E : sum k (fun j => told j * F z j) = sum m (fun i => tail i * sum k (fun j => W i j * F z j))).
    { unfold told. rewrite (sum_ext k _ (fun j => sum m (fun i => tail i * (W i j * F z j)))).
      - rewrite sum_swap. apply sum_ext. intros i _. apply sum_scale.
      - intros j _. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring. }
    rewrite E, <- !sum_plus. apply sum_ext. intros i _. unfold untold, tail. ring.
  Qed.

  Lemma untold_plain z : Rabs (sum m (fun i => untold z i * tail i)) <= N z * e.
  Proof.
    apply (weighted m _ _ (fun i => / s i) s); [|apply lengths|exact length_of_tail].
    intros i Hi. left. apply Rinv_l. specialize (weights i Hi). lra.
  Qed.

  (** What P tells of the length of t: B has the rows W_i / s_i, nearly orthonormal columns and nearly nothing of what is left of
      unembed; so e' may stand in place of e.  With g = s t, P = Bᵀg. *)
  Definition B (i j : nat) : R := W i j / s i.
  Variables (eta rho e' : R).
  Hypothesis nearly_orthonormal : frobenius k k (off_identity m B) eta.
  Hypothesis nearly_apart : forall z, within k (fun j => sum m (fun i => B i j * (untold z i / s i))) (rho * N z).
  Definition left_of_length : R := e * e - (1 - eta) * sum k (fun j => told j * told j).
  Hypothesis rest_of_length : e' = e \/
    eta < 1 /\ 2 * rho * e <= e' /\ left_of_length <= (e' - 2 * rho * e) * (e' - 2 * rho * e).

  Let g i := s i * tail i.
  Let beyond i := g i - sum k (fun j => B i j * told j).

  Lemma told_is j : told j = sum m (fun i => B i j * g i).
  Proof. unfold told, g, B. apply sum_ext. intros i Hi. pose proof (weights i Hi). field. lra. Qed.

  Lemma told_squares : sum m (fun i => g i * sum k (fun j => B i j * told j)) = sum k (fun j => told j * told j).
  Proof.
    rewrite (sum_ext m _ (fun i => sum k (fun j => g i * (B i j * told j)))) by (intros; symmetry; apply sum_scale).
    rewrite sum_swap. apply sum_ext. intros j _. rewrite (told_is j) at 2. rewrite <- sum_scale. apply sum_ext. intros; ring.
  Qed.

  Lemma beyond_length : sum m (fun i => beyond i * beyond i) <= left_of_length.
  Proof.
    destruct length_of_tail as [_ He]. change (sum m (fun i => g i * g i) <= e * e) in He.
    set (q := fun i => sum k (fun j => B i j * told j)).
    rewrite (sum_ext m _ (fun i => g i * g i + (-2) * (g i * q i) + q i * q i)) by (intros; unfold beyond; fold (q i); ring).
    rewrite !sum_plus, sum_scale. unfold q at 1. rewrite told_squares. pose proof (nearly_isometric m k B eta told nearly_orthonormal) as O.
    change (sum m (fun i => q i * q i) <= (1 + eta) * sum k (fun j => told j * told j)) in O. unfold left_of_length. lra.
  Qed.

  Lemma told_length : eta < 1 -> within k told (2 * e).
  Proof.
    intros Heta. destruct nearly_orthonormal as [H1 _]. destruct length_of_tail as [H0 He]. split; [lra|].
    change (sum m (fun i => g i * g i) <= e * e) in He. set (q := fun i => sum k (fun j => B i j * told j)).
    pose proof told_squares as E. pose proof (nearly_isometric m k B eta told nearly_orthonormal) as O. pose proof (schwarz m g q) as C.
    change (sum m (fun i => q i * q i) <= (1 + eta) * sum k (fun j => told j * told j)) in O.
    change (sum m (fun i => g i * q i) = sum k (fun j => told j * told j)) in E. rewrite E in C.
    pose proof (squares_nonneg k told) as P0. set (P := sum k (fun j => told j * told j)) in *.
    assert (P * P <= (e * e) * ((1 + eta) * P))
      by (eapply Rle_trans; [exact C|]; apply Rmult_le_compat; try assumption; apply squares_nonneg).
    destruct (Req_dec P 0) as [->|Hne]; [nra|].
    assert (P <= (e * e) * (1 + eta)) by (apply (Rmult_le_reg_r P); [lra|]; nra). nra.
  Qed.

  Lemma untold_told z : Rabs (sum m (fun i => untold z i * tail i)) <= N z * e'.
  Proof.
    destruct rest_of_length as [->|[Heta [R1 R2]]]; [apply untold_plain|].
    set (d := fun i => untold z i / s i). set (y := fun j => sum m (fun i => B i j * d i)).
    assert (Split : sum m (fun i => untold z i * tail i) = sum m (fun i => d i * beyond i) + sum k (fun j => y j * told j)).
    { rewrite (sum_ext m (fun i => untold z i * tail i) (fun i => d i * beyond i + d i * sum k (fun j => B i j * told j))).
      - rewrite sum_plus. f_equal. rewrite (sum_ext m _ (fun i => sum k (fun j => d i * (B i j * told j)))) by (intros; symmetry; apply sum_scale).
        rewrite sum_swap. apply sum_ext. intros j _. unfold y. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring.
      - intros i Hi. pose proof (weights i Hi). unfold beyond, d, g.
        replace (untold z i * tail i) with (untold z i / s i * (s i * tail i)) by (field; lra). ring. }
    assert (A1 : Rabs (sum m (fun i => d i * beyond i)) <= N z * (e' - 2 * rho * e)).
    { apply cauchy; [apply lengths|]. split; [lra|]. eapply Rle_trans; [apply beyond_length|exact R2]. }
    assert (A2 : Rabs (sum k (fun j => y j * told j)) <= (rho * N z) * (2 * e))
      by (apply cauchy; [apply nearly_apart|apply told_length; exact Heta]).
    rewrite Split. eapply Rle_trans; [apply Rabs_triang|]. lra.
  Qed.

  (** Theorem 3 (lowrank): the margin of c against z, when c is right. *)
  Theorem lowrank_margin z c :
    (sum m (fun i => v c i * a i) + sum m (fun i => v c i * b i) + sum m (fun i => v c i * tail i)) -
    (sum m (fun i => v z i * a i) + sum m (fun i => v z i * b i) + sum k (fun j => told j * F z j) + N z * e') <=
    sum m (fun i => v c i * h i) - sum m (fun i => v z i * h i).
  Proof.
    rewrite (output_split z).
    assert (E : sum m (fun i => v c i * h i) =
      sum m (fun i => v c i * a i) + sum m (fun i => v c i * b i) + sum m (fun i => v c i * tail i))
      by (rewrite <- !sum_plus; apply sum_ext; intros i _; unfold tail; ring).
    pose proof (below_abs _ _ (untold_told z)). lra.
  Qed.
End LowRank.

(** ** Theorem 4 (points) *)
Lemma sum_bijection q (g g' : nat -> nat) f : (forall c, (c < q)%nat -> (g c < q)%nat /\ (g' c < q)%nat /\ g' (g c) = c /\ g (g' c) = c) ->
  sum q (fun c => f (g c)) = sum q f.
Proof.
  intros B. rewrite (sum_classes q q g) by (intros c Hc; apply B, Hc). apply sum_ext. intros d Hd.
  destruct (B d Hd) as [_ [Hd' [_ Hg]]]. rewrite <- (sum_one q (g' d) (f d) Hd'). apply sum_ext. intros c Hc.
  destruct (B c Hc) as [_ [_ [Hc' _]]]. destruct (Nat.eqb_spec (g c) d) as [E|E]; destruct (Nat.eqb_spec (g' d) c) as [E'|E']; simpl;
    [rewrite E; reflexivity|exfalso; apply E'; rewrite <- E; exact Hc'|exfalso; apply E; rewrite <- E'; exact Hg|reflexivity].
Qed.

Fixpoint count (n : nat) (p : nat -> bool) : nat := match n with O => O | S k => (count k p + if p k then 1 else 0)%nat end.

Lemma count_sum n p : INR (count n p) = sum n (fun i => only (p i) 1).
Proof. induction n as [|n IH]; simpl; [reflexivity|]. rewrite plus_INR, IH. destruct (p n); simpl; lra. Qed.

Section Points.
  Variables (n m sets : nat) (op : nat -> nat -> nat) (inv : nat -> nat).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Variables (q : nat -> nat) (act : nat -> nat -> nat -> nat).               (* set; set, element, point *)
  Hypothesis moves : forall C g c, (C < sets)%nat -> (g < n)%nat -> (c < q C)%nat -> (act C g c < q C)%nat /\ (act C (inv g) c < q C)%nat /\
    act C (inv g) (act C g c) = c /\ act C g (act C (inv g) c) = c.
  Hypothesis acts : forall C x y c, (C < sets)%nat -> (x < n)%nat -> (y < n)%nat -> (c < q C)%nat -> act C (op x y) c = act C x (act C y c).

  Variables (v : nat -> nat -> R) (W : nat -> nat -> nat -> nat -> R).       (* z, i; i, set, c, d *)
  Variables (s h a b : nat -> R) (N : nat -> R) (e : R).
  Hypothesis weights : forall i, (i < m)%nat -> 0 < s i.
  Definition beside (z i : nat) : R := v z i - sum sets (fun C => sum (q C) (fun c => W i C c (act C z c))).
  Hypothesis lengths : forall z, (z < n)%nat -> within m (fun i => beside z i / s i) (N z).
  Hypothesis length_of_tail : within m (fun i => s i * tail h a b i) e.
  Definition P (C c d : nat) : R := sum m (fun i => h i * W i C c d).
  Definition sides (z : nat) : R := sum m (fun i => beside z i * a i) + sum m (fun i => beside z i * b i).
  Definition said (z : nat) : R := sum sets (fun C => sum (q C) (fun c => P C c (act C z c))).

  Lemma said_and_beside z : sum m (fun i => v z i * h i) = said z + sum m (fun i => beside z i * h i).
  Proof.
    assert (E : said z = sum m (fun i => h i * sum sets (fun C => sum (q C) (fun c => W i C c (act C z c))))).
    { unfold said, P. rewrite (sum_ext m _ (fun i => sum sets (fun C => h i * sum (q C) (fun c => W i C c (act C z c))))) by (intros; symmetry; apply sum_scale).
      rewrite sum_swap. apply sum_ext. intros C _. rewrite <- sum_swap. apply sum_ext. intros i _. apply sum_scale. }
    rewrite E, <- sum_plus. apply sum_ext. intros i _. unfold beside. ring.
  Qed.

  Lemma beside_near z : (z < n)%nat -> Rabs (sum m (fun i => beside z i * h i) - sides z) <= N z * e.
  Proof.
    intros Hz. replace (_ - _) with (sum m (fun i => beside z i * tail h a b i)).
    { apply (weighted m _ _ (fun i => / s i) s); [|apply lengths, Hz|exact length_of_tail].
      intros i Hi. left. apply Rinv_l. specialize (weights i Hi). lra. }
    unfold sides. rewrite <- sum_plus, <- sum_minus. apply sum_ext. intros i _. unfold tail. ring.
  Qed.

  (** What the right answer has besides: formed, or bounded. *)
  Variables (answer : nat) (D : R).
  Hypothesis answer_in : (answer < n)%nat.
  Hypothesis besides : D <= sum m (fun i => beside answer i * h i) \/ D <= sides answer - N answer * e.

  (** Theorem 4 (points), for one output. *)
  Theorem points_single z : (z < n)%nat ->
    sum sets (fun C => sum (q C) (fun c => P C c (act C answer c) - P C c (act C z c))) + D - sides z - N z * e <=
    sum m (fun i => v answer i * h i) - sum m (fun i => v z i * h i).
  Proof.
    intros Hz. rewrite !said_and_beside.
    assert (E : sum sets (fun C => sum (q C) (fun c => P C c (act C answer c) - P C c (act C z c))) = said answer - said z).
    { unfold said. rewrite <- sum_minus. apply sum_ext. intros C _. apply sum_minus. }
    pose proof (below_abs _ _ (beside_near z Hz)). pose proof (below_abs _ _ (beside_near answer answer_in)).
    rewrite E. destruct besides; lra.
  Qed.

  (** The gaps: [phi] is any number for every point, [least C k] at most the sum of any k gaps. *)
  Variables (phi gap least : nat -> nat -> R).
  Hypothesis gaps : forall C c d, (C < sets)%nat -> (c < q C)%nat -> (d < q C)%nat -> d <> c ->
    gap C c <= P C c (act C answer c) - P C c (act C answer d) + phi C c - phi C d.
  Hypothesis least_of : forall C p, (C < sets)%nat -> least C (count (q C) p) <= sum (q C) (fun c => only (p c) (gap C c)).
  Variables (x y : nat) (most_sides most_length : R).
  Hypothesis x_in : (x < n)%nat.
  Hypothesis y_in : (y < n)%nat.
  Hypothesis answer_is : answer = op x y.
  Hypothesis sides_most : forall z, (z < n)%nat -> sides z <= most_sides.
  Hypothesis length_most : forall z, (z < n)%nat -> N z * e <= most_length.

  Definition moved (C w : nat) : nat := count (q C) (fun c => negb (act C w c =? c)%nat).

  Lemma set_gains C w : (C < sets)%nat -> (w < n)%nat ->
    least C (moved C w) <= sum (q C) (fun c => P C c (act C answer c) - P C c (act C (op x (op w y)) c)).
  Proof.
    intros HC Hw. set (to := fun c => act C (inv y) (act C w (act C y c))).
    set (from := fun c => act C (inv y) (act C (inv w) (act C y c))).
    assert (Y : forall c, (c < q C)%nat -> (act C y c < q C)%nat /\ (act C (inv y) c < q C)%nat /\ act C (inv y) (act C y c) = c /\ act C y (act C (inv y) c) = c)
      by (intros; apply moves; assumption).
    assert (V : forall c, (c < q C)%nat -> (act C w c < q C)%nat /\ (act C (inv w) c < q C)%nat /\ act C (inv w) (act C w c) = c /\ act C w (act C (inv w) c) = c)
      by (intros; apply moves; assumption).
    assert (To : forall c, (c < q C)%nat -> (to c < q C)%nat /\ (from c < q C)%nat /\ from (to c) = c /\ to (from c) = c).
    { intros c Hc. unfold to, from. destruct (Y c Hc) as [Y1 [_ [Y3 _]]]. destruct (V _ Y1) as [V1 [V2 [V3 V4]]].
      destruct (Y _ V1) as [_ [A2 [_ A4]]]. destruct (Y _ V2) as [_ [B2 [_ B4]]]. rewrite A4, V3, B4, V4. auto. }
    assert (Z : forall c, (c < q C)%nat -> act C (op x (op w y)) c = act C answer (to c)).
    { intros c Hc. destruct (Y c Hc) as [Y1 _]. destruct (V _ Y1) as [V1 _]. destruct (Y _ V1) as [_ [_ [_ Y4]]]. destruct (To c Hc) as [T _].
      rewrite answer_is, !acts by (try assumption; apply closed; assumption). unfold to at 1. rewrite Y4. reflexivity. }
    assert (K : moved C w = count (q C) (fun c => negb (to c =? c)%nat)).
    { apply INR_eq. unfold moved. rewrite !count_sum. rewrite <- (sum_bijection (q C) (act C y) (act C (inv y)) _ Y). apply sum_ext. intros c Hc.
      f_equal. f_equal. destruct (Y c Hc) as [Y1 [_ [Y3 _]]]. destruct (V _ Y1) as [V1 _]. destruct (Y _ V1) as [_ [_ [_ Y4]]]. unfold to.
      destruct (Nat.eqb_spec (act C w (act C y c)) (act C y c)) as [E|E]; symmetry.
      - rewrite E, Y3. apply Nat.eqb_refl.
      - apply Nat.eqb_neq. intros E'. apply E. rewrite <- E' at 2. symmetry. exact Y4. }
    rewrite K. eapply Rle_trans; [apply (least_of C _ HC)|].
    pose proof (sum_bijection (q C) to from (phi C) To) as Phi.
    replace (sum (q C) (fun c => P C c (act C answer c) - P C c (act C (op x (op w y)) c))) with
      (sum (q C) (fun c => P C c (act C answer c) - P C c (act C answer (to c)) + phi C c - phi C (to c))).
    - apply sum_le. intros c Hc. destruct (Nat.eqb_spec (to c) c) as [E|E]; simpl.
      + rewrite E. lra.
      + apply gaps; try assumption. apply To, Hc.
    - rewrite sum_minus, sum_plus, Phi. rewrite (sum_ext (q C) (fun c => P C c (act C answer c) - P C c (act C (op x (op w y)) c))
        (fun c => P C c (act C answer c) - P C c (act C answer (to c)))) by (intros c Hc; rewrite Z by exact Hc; reflexivity). lra.
  Qed.

  (** Theorem 4 (points): the margin against z = xwy. *)
  Theorem points_margin w : (w < n)%nat ->
    sum sets (fun C => least C (moved C w)) + D - most_sides - most_length <=
    sum m (fun i => v answer i * h i) - sum m (fun i => v (op x (op w y)) i * h i).
  Proof.
    intros Hw. assert (Hz : (op x (op w y) < n)%nat) by (apply closed; [exact x_in|apply closed; assumption]).
    eapply Rle_trans; [|apply (points_single _ Hz)]. pose proof (sides_most _ Hz). pose proof (length_most _ Hz).
    assert (sum sets (fun C => least C (moved C w)) <= sum sets (fun C => sum (q C) (fun c => P C c (act C answer c) - P C c (act C (op x (op w y)) c))))
      by (apply sum_le; intros C HC; apply set_gains; assumption). lra.
  Qed.
End Points.

(** ** Theorem 8 (each) and Theorem 10 (even) *)
Section Gaps.
  Variables (n m columns : nat) (op : nat -> nat -> nat).
  Variables (hid : nat -> nat -> nat -> R) (u : nat -> nat -> R).   (* x, y, i: activations, the bias's 1 among them; i, z *)
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.

  (** The point of column k goes to [place k z] by z, to where x brings [place k y] by xy; x moves points one to one. *)
  Variables (place : nat -> nat -> nat) (act : nat -> nat -> nat -> nat).
  Hypothesis acts : forall k x y, (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> place k (op x y) = act k x (place k y).
  Hypothesis one_to_one : forall k x c d, (k < columns)%nat -> (x < n)%nat -> act k x c = act k x d -> c = d.
  Variable seat : nat -> nat.                                     (* the column of a neuron; idle ones have [columns] *)
  Hypothesis seated : forall i, (i < m)%nat -> (seat i <= columns)%nat.
  Definition spot (i z : nat) : nat := place (seat i) z.

  (** Neuron i reads x by the point b_i, through [from i x] = x⁻¹b_i. *)
  Variables (b : nat -> nat) (from : nat -> nat -> nat).
  Hypothesis back : forall i x, (i < m)%nat -> (seat i < columns)%nat -> (x < n)%nat -> act (seat i) x (from i x) = b i.

  (** What neurons write: D, and R of Theorem 10, o of Theorem 8. *)
  Variables (ubar : nat -> nat -> R) (width range : nat -> R).
  Definition rest (z i : nat) : R := u i z - ubar i (spot i z).
  Hypothesis widths : forall i z, (i < m)%nat -> (seat i < columns)%nat -> (z < n)%nat -> Rabs (rest z i) <= width i / 2.
  Hypothesis ranges : forall i z z', (i < m)%nat -> (seat i < columns)%nat -> (z < n)%nat -> (z' < n)%nat ->
    Rabs (ubar i (spot i z) - ubar i (spot i z')) <= range i.

  (** I: the largest |h_i| of idle neurons and the range V of what they write. *)
  Variables (hmost V : nat -> R) (lost : R).
  Definition on_column (k : nat) (f : nat -> R) : R := sum m (fun i => only (seat i =? k)%nat (f i)).
  Hypothesis idle_reads : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> seat i = columns -> Rabs (hid x y i) <= hmost i.
  Hypothesis idle_writes : forall i z z', (i < m)%nat -> seat i = columns -> (z < n)%nat -> (z' < n)%nat -> Rabs (u i z - u i z') <= V i.
  Hypothesis lost_is : on_column columns (fun i => V i * hmost i) <= lost.

  (** What the neurons of a set S do through x, y and xy, all believed. *)
  Variables (by_x by_y : nat -> nat -> R) (same : nat -> R).      (* i, p; i, c' *)
  Definition in_set (S : nat -> bool) (i : nat) : bool := (seat i <? columns)%nat && S i.
  Definition all_in (S : nat -> bool) (f : nat -> R) : R := sum m (fun i => only (in_set S i) (f i)).
  Definition X S (x z : nat) : R := all_in S (fun i => rest z i * by_x i (from i x)).
  Definition Y S (y z : nat) : R := all_in S (fun i => rest z i * by_y i (spot i y)).
  Definition Z S (answer z : nat) : R := all_in S (fun i => rest z i * if (spot i answer =? b i)%nat then same i else 0).

  (** M: with y and v = wy, at the places of the columns. *)
  Definition M (L : nat -> nat -> nat -> R) (y v : nat) : R := sum columns (fun k => L k (place k y) (place k v)) - lost.

  Lemma same_place x y i : (i < m)%nat -> (seat i < columns)%nat -> (x < n)%nat -> (y < n)%nat ->
    (from i x =? spot i y)%nat = (spot i (op x y) =? b i)%nat.
  Proof.
    intros Hi Hs Hx Hy. unfold spot. rewrite (acts _ _ _ Hs Hx Hy), <- (back i x Hi Hs Hx).
    destruct (Nat.eqb_spec (from i x) (place (seat i) y)) as [E|E].
    - rewrite E. symmetry. apply Nat.eqb_refl.
    - symmetry. apply Nat.eqb_neq. intros E'. apply E. symmetry. apply (one_to_one (seat i) x); assumption.
  Qed.

  (** *** Both: activations at x are known nearly where yc = c', and the neurons of S are split. *)
  Section AtX.
    Variable S : nat -> bool.
    Variables (near_h radius : nat -> nat -> nat -> R).           (* x, i, c' *)
    Hypothesis near : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> (seat i < columns)%nat ->
      Rabs (hid x y i - near_h x i (spot i y)) <= radius x i (spot i y).
    Definition remains (x y i : nat) : R :=
      near_h x i (spot i y) - by_x i (from i x) - by_y i (spot i y) - (if (from i x =? spot i y)%nat then same i else 0).

    Definition gives (x k c e : nat) : R := on_column k (fun i => ubar i e * near_h x i c).
    Definition costs (x k c : nat) : R :=
      on_column k (fun i => width i * (radius x i c + (if S i then 0 else Rabs (near_h x i c)))).
    Variable L : nat -> nat -> nat -> nat -> R.                   (* x, column, c', d' *)
    Hypothesis least_same : forall x y k, (x < n)%nat -> (y < n)%nat -> (k < columns)%nat ->
      L x k (place k y) (place k y) <= - costs x k (place k y).
    Hypothesis least : forall x y v k, (x < n)%nat -> (y < n)%nat -> (v < n)%nat -> (k < columns)%nat ->
      let c := place k y in let d := place k v in c <> d ->
      L x k c d <= gives x k c (act k x c) - gives x k c (act k x d) - costs x k c - on_column k (fun i => range i * radius x i c).

    (** Cauchy-Schwarz with weights s and w = 1/s, of neurons of which something is left. *)
    Variables (s w : nat -> R) (N : nat -> R) (e O : nat -> nat -> R).
    Hypothesis weights : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> w i * s i = 1 \/ remains x y i = 0.
    Hypothesis lengths : forall z, (z < n)%nat -> within m (fun i => only (in_set S i) (rest z i * w i)) (N z).
    Hypothesis tails : forall x y, (x < n)%nat -> (y < n)%nat -> within m (fun i => only (in_set S i) (s i * remains x y i)) (e x y).
    Definition left_over (x y z : nat) : R := all_in S (fun i => rest z i * remains x y i).
    Hypothesis own : forall x y, (x < n)%nat -> (y < n)%nat ->
      O x y <= left_over x y (op x y) \/ O x y <= - (N (op x y) * e x y).

    Lemma split_parts x y z : (x < n)%nat -> (y < n)%nat ->
      all_in S (fun i => rest z i * near_h x i (spot i y)) = X S x z + Y S y z + Z S (op x y) z + left_over x y z.
    Proof.
      intros Hx Hy. unfold X, Y, Z, left_over, all_in. rewrite <- !sum_plus. apply sum_ext. intros i Hi. unfold only, in_set.
      destruct (Nat.ltb_spec (seat i) columns) as [Hs|_]; simpl; [|ring]. destruct (S i); [|ring].
      unfold remains. rewrite (same_place x y i Hi Hs Hx Hy). ring.
    Qed.

    Lemma left_over_most x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> Rabs (left_over x y z) <= N z * e x y.
    Proof.
      intros Hx Hy Hz. unfold left_over, all_in.
      rewrite (sum_ext m _ (fun i => only (in_set S i) (rest z i) * only (in_set S i) (remains x y i)))
        by (intros; unfold only; destruct (in_set S i); ring).
      apply (weighted m _ _ w s).
      - intros i Hi. destruct (weights x y i Hx Hy Hi) as [E|E]; [left; exact E|right]. rewrite E. unfold only. destruct (in_set S i); reflexivity.
      - apply (within_ext m _ _ _ (fun i _ => only_times _ (rest z i) (w i)) (lengths z Hz)).
      - apply (within_ext m _ _ _ (fun i _ => times_only _ (s i) (remains x y i)) (tails x y Hx Hy)).
    Qed.

    (** What one neuron adds, but for what is left of unembed of a split one. *)
    Lemma neuron_margin k x y v i : (i < m)%nat -> seat i = k -> (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
      let c := place k y in let d := place k v in
      (ubar i (act k x c) - ubar i (act k x d)) * near_h x i c -
      width i * (radius x i c + (if S i then 0 else Rabs (near_h x i c))) - (if (c =? d)%nat then 0 else range i * radius x i c) +
      (if S i then (rest (op x y) i - rest (op x v) i) * near_h x i c else 0) <=
      (u i (op x y) - u i (op x v)) * hid x y i.
    Proof.
      intros Hi Hs Hk Hx Hy Hv c d. assert (Hw : (seat i < columns)%nat) by lia.
      pose proof (closed x y Hx Hy) as Ha. pose proof (closed x v Hx Hv) as Hb.
      pose proof (near x y i Hx Hy Hi Hw) as Hn. pose proof (ranges i (op x y) (op x v) Hi Hw Ha Hb) as Hr.
      pose proof (below_abs _ _ (widths i (op x y) Hi Hw Ha)) as W1. pose proof (below_abs _ _ (widths i (op x v) Hi Hw Hb)) as W2.
      unfold spot in Hn, Hr. rewrite Hs in Hn, Hr. fold c in Hn. rewrite (acts k x y Hk Hx Hy), (acts k x v Hk Hx Hv) in Hr. fold c d in Hr.
      set (h := near_h x i c) in *. set (q := radius x i c) in *. set (du := ubar i (act k x c) - ubar i (act k x d)) in *.
      set (dr := rest (op x y) i - rest (op x v) i).
      assert (Hq : 0 <= q) by (pose proof (Rabs_pos (hid x y i - h)); lra).
      assert (E : u i (op x y) - u i (op x v) = du + dr).
      { unfold du, dr, rest, spot. rewrite Hs, (acts k x y Hk Hx Hy), (acts k x v Hk Hx Hv). fold c d. ring. }
      assert (Hd : Rabs dr <= width i) by (apply Rabs_le; unfold dr; lra).
      assert (Hu : Rabs du * q <= if (c =? d)%nat then 0 else range i * q).
      { destruct (Nat.eqb_spec c d) as [Ep|_]; [|apply Rmult_le_compat_r; assumption].
        unfold du. rewrite Ep, Rminus_diag_eq, Rabs_R0 by reflexivity. lra. }
      rewrite E. replace ((du + dr) * hid x y i) with (du * h + dr * h + (du + dr) * (hid x y i - h)) by ring.
      pose proof (product_cost (du + dr) (hid x y i - h)) as P3.
      assert (Rabs (du + dr) * Rabs (hid x y i - h) <= (Rabs du + width i) * q).
      { apply Rmult_le_compat; try apply Rabs_pos; [|exact Hn]. pose proof (Rabs_triang du dr). lra. }
      pose proof (product_cost dr h) as P2.
      assert (Rabs dr * Rabs h <= width i * Rabs h) by (apply Rmult_le_compat_r; [apply Rabs_pos|exact Hd]).
      destruct (S i); lra.
    Qed.

    Lemma column_margin k x y v : (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
      L x k (place k y) (place k v) +
      on_column k (fun i => if S i then (rest (op x y) i - rest (op x v) i) * near_h x i (spot i y) else 0) <=
      on_column k (fun i => (u i (op x y) - u i (op x v)) * hid x y i).
    Proof.
      intros Hk Hx Hy Hv. set (c := place k y). set (d := place k v).
      set (moved := on_column k (fun i => if (c =? d)%nat then 0 else range i * radius x i c)).
      set (beside := fun i => if S i then (rest (op x y) i - rest (op x v) i) * near_h x i (spot i y) else 0).
      apply Rle_trans with (gives x k c (act k x c) - gives x k c (act k x d) - costs x k c - moved + on_column k beside).
      - apply Rplus_le_compat_r. unfold moved. destruct (Nat.eqb_spec c d) as [E|E].
        + rewrite <- E. pose proof (least_same x y k Hx Hy Hk) as H. fold c in H. unfold on_column at 1.
          rewrite (sum_ext m _ (fun _ => 0)) by (intros i _; unfold only; destruct (seat i =? k)%nat; reflexivity).
          rewrite sum_zero. lra.
        + apply (least x y v k Hx Hy Hv Hk E).
      - unfold gives, costs, moved, on_column. rewrite <- !sum_minus, <- sum_plus. apply sum_le. intros i Hi. unfold only.
        destruct (Nat.eqb_spec (seat i) k) as [Es|_]; [|lra]. pose proof (neuron_margin k x y v i Hi Es Hk Hx Hy Hv) as Q.
        cbv zeta in Q. fold c d in Q. unfold beside, spot. rewrite Es. fold c. lra.
    Qed.

    Theorem gaps_margin x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
      let answer := op x y in let z := op x v in
      M (L x) y v + X S x answer + Y S y answer + Z S answer answer + O x y - (X S x z + Y S y z + Z S answer z + N z * e x y) <=
      sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i).
    Proof.
      intros Hx Hy Hv answer z. assert (Ha : (answer < n)%nat) by (apply closed; assumption).
      assert (Hz : (z < n)%nat) by (apply closed; assumption).
      assert (Sorted : sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i) =
        sum columns (fun k => on_column k (fun i => (u i answer - u i z) * hid x y i)) +
        on_column columns (fun i => (u i answer - u i z) * hid x y i)).
      { rewrite <- sum_minus, (sum_classes m (Datatypes.S columns) seat) by (intros i Hi; specialize (seated i Hi); lia).
        simpl. f_equal; [apply sum_ext; intros k _|]; apply sum_ext; intros i _; unfold only;
          (match goal with |- (if ?c then _ else _) = _ => destruct c; ring end). }
      assert (Idle : - lost <= on_column columns (fun i => (u i answer - u i z) * hid x y i)).
      { assert (-1 * on_column columns (fun i => V i * hmost i) <= on_column columns (fun i => (u i answer - u i z) * hid x y i)); [|lra].
        unfold on_column. rewrite <- sum_scale. apply sum_le. intros i Hi. unfold only.
        destruct (Nat.eqb_spec (seat i) columns) as [Es|_]; [|lra]. pose proof (product_cost (u i answer - u i z) (hid x y i)).
        assert (Rabs (u i answer - u i z) * Rabs (hid x y i) <= V i * hmost i) by (apply Rmult_le_compat; try apply Rabs_pos; auto). lra. }
      set (beside := fun i => if S i then (rest answer i - rest z i) * near_h x i (spot i y) else 0).
      assert (Columns : sum columns (fun k => L x k (place k y) (place k v)) + sum columns (fun k => on_column k beside) <=
        sum columns (fun k => on_column k (fun i => (u i answer - u i z) * hid x y i))).
      { rewrite <- sum_plus. apply sum_le. intros k Hk. apply column_margin; assumption. }
      assert (Splits : sum columns (fun k => on_column k beside) =
        all_in S (fun i => rest answer i * near_h x i (spot i y)) - all_in S (fun i => rest z i * near_h x i (spot i y))).
      { unfold all_in, on_column. rewrite <- sum_minus, <- sum_swap. apply sum_ext. intros i Hi. unfold in_set, beside.
        destruct (Nat.ltb_spec (seat i) columns) as [Hs|Hs].
        - rewrite (sum_one columns (seat i) _ Hs). unfold only. simpl. destruct (S i); ring.
        - rewrite (sum_ext columns _ (fun _ => 0)); [rewrite sum_zero; simpl; ring|].
          intros k Hk. destruct (Nat.eqb_spec (seat i) k); [lia|reflexivity]. }
      rewrite (split_parts x y answer Hx Hy), (split_parts x y z Hx Hy) in Splits. fold answer in Splits.
      pose proof (below_abs _ _ (left_over_most x y answer Hx Hy Ha)) as R1.
      pose proof (below_abs _ _ (left_over_most x y z Hx Hy Hz)) as R2.
      pose proof (own x y Hx Hy) as Own. fold answer in Own. rewrite Sorted. unfold M. destruct Own; lra.
    Qed.
  End AtX.

  (** *** Theorem 8: x as it is, all neurons split. *)
  Section Each.
    Let all (i : nat) : bool := true.
    Variables (hhat rho : nat -> nat -> nat -> R).                (* x, i, c' *)
    Hypothesis near : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> (seat i < columns)%nat ->
      Rabs (hid x y i - hhat x i (spot i y)) <= rho x i (spot i y).
    Definition F (x k c : nat) : R := on_column k (fun i => width i * rho x i c).
    Variable L : nat -> nat -> nat -> nat -> R.                   (* x, column, c', d' *)
    Hypothesis least_same : forall x y k, (x < n)%nat -> (y < n)%nat -> (k < columns)%nat ->
      L x k (place k y) (place k y) <= - F x k (place k y).
    Hypothesis least : forall x y v k, (x < n)%nat -> (y < n)%nat -> (v < n)%nat -> (k < columns)%nat ->
      let c := place k y in let d := place k v in let T := gives hhat x k c in c <> d ->
      L x k c d <= T (act k x c) - T (act k x d) - F x k c - on_column k (fun i => range i * rho x i c).
    Variables (s w : nat -> R) (N : nat -> R) (e O : nat -> nat -> R).
    Let r x y i := remains hhat x y i.
    Hypothesis weights : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> w i * s i = 1 \/ r x y i = 0.
    Hypothesis lengths : forall z, (z < n)%nat -> within m (fun i => only (in_set all i) (rest z i * w i)) (N z).
    Hypothesis tails : forall x y, (x < n)%nat -> (y < n)%nat -> within m (fun i => only (in_set all i) (s i * r x y i)) (e x y).
    Hypothesis own : forall x y, (x < n)%nat -> (y < n)%nat ->
      O x y <= all_in all (fun i => rest (op x y) i * r x y i) \/ O x y <= - (N (op x y) * e x y).

    (** Theorem 8 (each): the margin against z = xv, where v = wy. *)
    Theorem each_margin x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
      let answer := op x y in let z := op x v in let X := X all in let Y := Y all in let Z := Z all in
      M (L x) y v + X x answer + Y y answer + Z answer answer + O x y - (X x z + Y y z + Z answer z + N z * e x y) <=
      sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i).
    Proof.
      assert (E : forall x k c, costs all hhat rho x k c = F x k c)
        by (intros; unfold costs, F; apply sum_ext; intros; unfold all; f_equal; ring).
      intros Hx Hy Hv. apply (gaps_margin all hhat rho near L) with (s := s) (w := w); try assumption.
      - intros. rewrite E. apply least_same; assumption.
      - intros x' y' v' k H1 H2 H3 H4 c d Hd. rewrite E. apply (least x' y' v' k H1 H2 H3 H4 Hd).
    Qed.
  End Each.

  (** *** Theorem 10: x by x⁻¹b_i; the least over the x of a type; the neurons of S split. *)
  Section Even.
    Variable S : nat -> bool.
    Variables (hbar rho : nat -> nat -> nat -> R).                (* i, p, c' *)
    Hypothesis near : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> (seat i < columns)%nat ->
      Rabs (hid x y i - hbar i (from i x) (spot i y)) <= rho i (from i x) (spot i y).
    Let hbar_at x i c := hbar i (from i x) c.
    Let rho_at x i c := rho i (from i x) c.
    Variables (types : nat -> nat) (L : nat -> nat -> nat -> nat -> R).     (* x; type, column, c', d' *)
    Hypothesis least_same : forall x y k, (x < n)%nat -> (y < n)%nat -> (k < columns)%nat ->
      L (types x) k (place k y) (place k y) <= - costs S hbar_at rho_at x k (place k y).
    Hypothesis least : forall x y v k, (x < n)%nat -> (y < n)%nat -> (v < n)%nat -> (k < columns)%nat ->
      let c := place k y in let d := place k v in let T := gives hbar_at x k c in c <> d ->
      L (types x) k c d <= T (act k x c) - T (act k x d) - costs S hbar_at rho_at x k c -
        on_column k (fun i => range i * rho i (from i x) c).
    Variables (s w : nat -> R) (N : nat -> R) (e : nat -> nat -> R).
    Let r x y i := remains hbar_at x y i.
    Hypothesis weights : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> w i * s i = 1 \/ r x y i = 0.
    Hypothesis lengths : forall z, (z < n)%nat -> within m (fun i => only (in_set S i) (rest z i * w i)) (N z).
    Hypothesis tails : forall x y, (x < n)%nat -> (y < n)%nat -> within m (fun i => only (in_set S i) (s i * r x y i)) (e x y).

    (** Theorem 10 (even): the margin against z = xv, where v = wy. *)
    Theorem even_margin x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
      let answer := op x y in let z := op x v in let X := X S in let Y := Y S in let Z := Z S in
      M (L (types x)) y v + X x answer + Y y answer + Z answer answer - N answer * e x y -
        (X x z + Y y z + Z answer z + N z * e x y) <=
      sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i).
    Proof.
      intros Hx Hy Hv. exact (gaps_margin S hbar_at rho_at near (fun x => L (types x)) least_same least s w N e
        (fun x y => - (N (op x y) * e x y)) weights lengths tails (fun _ _ _ _ => or_intror (Rle_refl _)) x y v Hx Hy Hv).
    Qed.
  End Even.
End Gaps.
