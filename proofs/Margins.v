(** Theorem 3 (lowrank), Theorem 4 (points), Theorem 8 (each) and Theorem 10 (even) over the real numbers, as the Python checker
    takes them: any activation function, lengths and errors are any upper bounds.  Sums go over neurons 0 .. m-1, over the points
    of G-sets, or over those at which neurons sit, the columns. *)
From Coq Require Import Reals Lra Lia Arith Bool.
Open Scope R_scope.

(** ** Sums *)
Fixpoint sum (n : nat) (f : nat -> R) : R := match n with O => 0 | S k => sum k f + f k end.

Lemma sum_ext n f g : (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof. induction n as [|n IH]; intros H; simpl; [reflexivity|]. rewrite IH, H by (auto; lia). reflexivity. Qed.

Lemma sum_le n f g : (forall i, (i < n)%nat -> f i <= g i) -> sum n f <= sum n g.
Proof.
  induction n as [|n IH]; intros H; simpl; [lra|]. assert (sum n f <= sum n g) by (apply IH; auto).
  specialize (H n ltac:(lia)). lra.
Qed.

Lemma sum_plus n f g : sum n (fun i => f i + g i) = sum n f + sum n g.
Proof. induction n; simpl; lra. Qed.

Lemma sum_minus n f g : sum n (fun i => f i - g i) = sum n f - sum n g.
Proof. induction n; simpl; lra. Qed.

Lemma sum_scale n c f : sum n (fun i => c * f i) = c * sum n f.
Proof. induction n as [|n IH]; simpl; [lra|]. rewrite IH. lra. Qed.

Lemma sum_zero n : sum n (fun _ => 0) = 0.
Proof. induction n; simpl; lra. Qed.

Lemma sum_nonneg n f : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sum n f.
Proof. intros H. rewrite <- (sum_zero n). apply sum_le. exact H. Qed.

Lemma sum_swap n k f : sum n (fun i => sum k (fun j => f i j)) = sum k (fun j => sum n (fun i => f i j)).
Proof. induction n as [|n IH]; simpl; [symmetry; apply sum_zero|]. rewrite IH, <- sum_plus. reflexivity. Qed.

(** A sum by classes. *)
Definition only (p : bool) (v : R) : R := if p then v else 0.

Lemma sum_one k c v : (c < k)%nat -> sum k (fun j => only (c =? j)%nat v) = v.
Proof.
  induction k as [|k IH]; intros H; [lia|]. simpl. destruct (Nat.eq_dec c k) as [->|Hne].
  - rewrite Nat.eqb_refl. rewrite (sum_ext k _ (fun _ => 0)); [rewrite sum_zero; simpl; lra|].
    intros i Hi. destruct (Nat.eqb_spec k i); [lia|reflexivity].
  - rewrite IH by lia. destruct (Nat.eqb_spec c k); [contradiction|simpl; lra].
Qed.

Lemma sum_classes m k (c : nat -> nat) f : (forall i, (i < m)%nat -> (c i < k)%nat) ->
  sum m f = sum k (fun j => sum m (fun i => only (c i =? j)%nat (f i))).
Proof. intros H. rewrite <- sum_swap. apply sum_ext. intros i Hi. symmetry. apply sum_one, H, Hi. Qed.

(** ** Lemma 8: Cauchy-Schwarz *)
Lemma schwarz n f g : sum n (fun i => f i * g i) * sum n (fun i => f i * g i) <=
  sum n (fun i => f i * f i) * sum n (fun i => g i * g i).
Proof.
  induction n as [|n IH]; simpl; [lra|].
  set (S := sum n (fun i => f i * g i)) in *. set (A := sum n (fun i => f i * f i)) in *. set (B := sum n (fun i => g i * g i)) in *.
  assert (HA : 0 <= A) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  assert (HB : 0 <= B) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  set (x := f n). set (y := g n).
  assert (K : 2 * (S * (x * y)) <= A * (y * y) + x * x * B).
  { apply Rsqr_incr_0_var; [|assert (0 <= x * x) by apply Rle_0_sqr; assert (0 <= y * y) by apply Rle_0_sqr; nra].
    unfold Rsqr. assert (0 <= (x * y) * (x * y)) by apply Rle_0_sqr.
    assert ((S * S) * ((x * y) * (x * y)) <= (A * B) * ((x * y) * (x * y))) by (apply Rmult_le_compat_r; assumption).
    pose proof (Rle_0_sqr (A * (y * y) - x * x * B)) as Q. unfold Rsqr in Q. nra. }
  nra.
Qed.

Lemma square_root_le a b : 0 <= b -> a * a <= b * b -> a <= b.
Proof. intros Hb H. apply Rsqr_incr_0_var; [exact H|exact Hb]. Qed.

(** Lemma 8 (what is not written): numbers against numbers, with weights. *)
Lemma weighted n d t s N e : (forall i, (i < n)%nat -> 0 < s i) -> 0 <= N -> 0 <= e ->
  sum n (fun i => (d i / s i) * (d i / s i)) <= N * N -> sum n (fun i => (s i * t i) * (s i * t i)) <= e * e ->
  Rabs (sum n (fun i => d i * t i)) <= N * e.
Proof.
  intros Hs HN He H1 H2. pose proof (schwarz n (fun i => d i / s i) (fun i => s i * t i)) as C. cbv beta in C.
  rewrite (sum_ext n (fun i => d i / s i * (s i * t i)) (fun i => d i * t i)) in C
    by (intros i Hi; specialize (Hs i Hi); field; lra).
  set (S := sum n (fun i => d i * t i)) in *.
  assert (S * S <= (N * e) * (N * e)).
  { eapply Rle_trans; [exact C|]. replace (N * e * (N * e)) with ((N * N) * (e * e)) by ring.
    apply Rmult_le_compat; try assumption; apply sum_nonneg; intros; apply Rle_0_sqr. }
  assert (0 <= N * e) by (apply Rmult_le_pos; assumption).
  unfold Rabs. destruct (Rcase_abs S); apply square_root_le; lra.
Qed.

Lemma product_cost v w : - (Rabs v * Rabs w) <= v * w.
Proof. rewrite <- Rabs_mult. pose proof (Rle_abs (- (v * w))) as H. rewrite Rabs_Ropp in H. lra. Qed.

(** ** Theorem 3 (lowrank) *)
Section LowRank.
  Variables (m k : nat).
  Variables (v : nat -> nat -> R) (F : nat -> nat -> R) (W : nat -> nat -> R).   (* z, i; z, j; i, j *)
  Variables (s h a b : nat -> R) (N : nat -> R) (e : R).
  Hypothesis weights : forall i, (i < m)%nat -> 0 < s i.
  Definition tail (i : nat) : R := h i - a i - b i.
  Definition told (j : nat) : R := sum m (fun i => tail i * W i j).
  Definition untold (z i : nat) : R := v z i - sum k (fun j => W i j * F z j).
  Hypothesis lengths : forall z, 0 <= N z /\ sum m (fun i => (untold z i / s i) * (untold z i / s i)) <= N z * N z.
  Hypothesis length_of_tail : 0 <= e /\ sum m (fun i => (s i * tail i) * (s i * tail i)) <= e * e.

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

  (** With any number e' that bounds what is untold; e is one ([lowrank_plain]), and there are better ones ([lowrank_told]). *)
  Lemma lowrank_with e' z c : Rabs (sum m (fun i => untold z i * tail i)) <= N z * e' ->
    (sum m (fun i => v c i * a i) + sum m (fun i => v c i * b i) + sum m (fun i => v c i * tail i)) -
    (sum m (fun i => v z i * a i) + sum m (fun i => v z i * b i) + sum k (fun j => told j * F z j) + N z * e') <=
    sum m (fun i => v c i * h i) - sum m (fun i => v z i * h i).
  Proof.
    intros H. rewrite (output_split z).
    assert (E : sum m (fun i => v c i * h i) =
      sum m (fun i => v c i * a i) + sum m (fun i => v c i * b i) + sum m (fun i => v c i * tail i))
      by (rewrite <- !sum_plus; apply sum_ext; intros i _; unfold tail; ring).
    pose proof (Rle_abs (sum m (fun i => untold z i * tail i))). lra.
  Qed.

  Lemma untold_plain z : Rabs (sum m (fun i => untold z i * tail i)) <= N z * e.
  Proof. destruct (lengths z) as [H1 H2]. destruct length_of_tail as [H3 H4]. apply (weighted m _ _ s); assumption. Qed.

  (** What P tells of the length of t: B has the rows W_i / s_i, g = s t, and P = Bᵀg. *)
  Variables (eta rho e' : R).
  Hypothesis nearly_orthonormal : forall p : nat -> R,
    sum m (fun i => sum k (fun j => W i j / s i * p j) * sum k (fun j => W i j / s i * p j)) <=
    (1 + eta) * sum k (fun j => p j * p j).
  Hypothesis eta_range : 0 <= eta < 1.
  Hypothesis rho_nonneg : 0 <= rho.
  Hypothesis nearly_apart : forall z, sum k (fun j => sum m (fun i => W i j / s i * (untold z i / s i)) *
    sum m (fun i => W i j / s i * (untold z i / s i))) <= (rho * N z) * (rho * N z).
  Hypothesis rest_of_length : 2 * rho * e <= e' /\
    e * e - (1 - eta) * sum k (fun j => told j * told j) <= (e' - 2 * rho * e) * (e' - 2 * rho * e).

  Let g i := s i * tail i.
  Let beyond i := g i - sum k (fun j => W i j / s i * told j).

  Lemma told_is j : told j = sum m (fun i => W i j / s i * g i).
  Proof. unfold told, g. apply sum_ext. intros i Hi. pose proof (weights i Hi). field. lra. Qed.

  Lemma told_squares : sum m (fun i => g i * sum k (fun j => W i j / s i * told j)) = sum k (fun j => told j * told j).
  Proof.
    rewrite (sum_ext m _ (fun i => sum k (fun j => g i * (W i j / s i * told j)))) by (intros; symmetry; apply sum_scale).
    rewrite sum_swap. apply sum_ext. intros j _. rewrite (told_is j) at 2. rewrite <- sum_scale. apply sum_ext. intros; ring.
  Qed.

  Lemma beyond_length : sum m (fun i => beyond i * beyond i) <= e * e - (1 - eta) * sum k (fun j => told j * told j).
  Proof.
    destruct length_of_tail as [_ He]. fold (g) in He.
    set (q := fun i => sum k (fun j => W i j / s i * told j)).
    rewrite (sum_ext m _ (fun i => g i * g i + (-2) * (g i * q i) + q i * q i)) by (intros; unfold beyond; fold (q i); ring).
    rewrite !sum_plus, sum_scale. unfold q at 1. rewrite told_squares. pose proof (nearly_orthonormal told) as O. fold q in O.
    change (sum m (fun i => g i * g i) <= e * e) in He. change (sum m (fun i => q i * q i) <= (1 + eta) * sum k (fun j => told j * told j)) in O.
    lra.
  Qed.

  Lemma told_length : sum k (fun j => told j * told j) <= (2 * e) * (2 * e).
  Proof.
    destruct length_of_tail as [H0 He]. change (sum m (fun i => g i * g i) <= e * e) in He.
    set (q := fun i => sum k (fun j => W i j / s i * told j)). pose proof told_squares as E. fold q in E.
    pose proof (nearly_orthonormal told) as O. change (sum m (fun i => q i * q i) <= (1 + eta) * sum k (fun j => told j * told j)) in O.
    pose proof (schwarz m g q) as C. change (sum m (fun i => g i * sum k (fun j => W i j / s i * told j))) with (sum m (fun i => g i * q i)) in E.
    rewrite E in C. set (P := sum k (fun j => told j * told j)) in *.
    assert (0 <= P) by (apply sum_nonneg; intros; apply Rle_0_sqr).
    assert (0 <= sum m (fun i => q i * q i)) by (apply sum_nonneg; intros; apply Rle_0_sqr).
    assert (0 <= sum m (fun i => g i * g i)) by (apply sum_nonneg; intros; apply Rle_0_sqr).
    assert (P * P <= (e * e) * ((1 + eta) * P)) by (eapply Rle_trans; [exact C|]; apply Rmult_le_compat; assumption).
    destruct (Req_dec P 0) as [->|Hne]; [nra|].
    assert (P <= (e * e) * (1 + eta)) by (apply (Rmult_le_reg_r P); [lra|]; nra). nra.
  Qed.

  Lemma untold_told z : Rabs (sum m (fun i => untold z i * tail i)) <= N z * e'.
  Proof.
    destruct (lengths z) as [HN HL]. destruct length_of_tail as [H0 _]. destruct rest_of_length as [R1 R2].
    set (d := fun i => untold z i / s i). set (y := fun j => sum m (fun i => W i j / s i * d i)).
    assert (Split : sum m (fun i => untold z i * tail i) = sum m (fun i => d i * beyond i) + sum k (fun j => y j * told j)).
    { rewrite (sum_ext m (fun i => untold z i * tail i) (fun i => d i * beyond i + d i * sum k (fun j => W i j / s i * told j))).
      - rewrite sum_plus. f_equal. rewrite (sum_ext m _ (fun i => sum k (fun j => d i * (W i j / s i * told j)))) by (intros; symmetry; apply sum_scale).
        rewrite sum_swap. apply sum_ext. intros j _. unfold y. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros; ring.
      - intros i Hi. pose proof (weights i Hi). unfold beyond, d, g.
        replace (untold z i * tail i) with (untold z i / s i * (s i * tail i)) by (field; lra). ring. }
    assert (A1 : Rabs (sum m (fun i => d i * beyond i)) <= N z * (e' - 2 * rho * e)).
    { apply (weighted m d beyond (fun _ => 1)); try lra; try (intros; lra).
      - rewrite (sum_ext m _ (fun i => d i * d i)) by (intros; field). exact HL.
      - rewrite (sum_ext m _ (fun i => beyond i * beyond i)) by (intros; ring). eapply Rle_trans; [apply beyond_length|exact R2]. }
    assert (A2 : Rabs (sum k (fun j => y j * told j)) <= (rho * N z) * (2 * e)).
    { apply (weighted k y told (fun _ => 1)); try lra; try (intros; lra).
      - apply Rmult_le_pos; assumption.
      - rewrite (sum_ext k _ (fun j => y j * y j)) by (intros; field). apply nearly_apart.
      - rewrite (sum_ext k _ (fun j => told j * told j)) by (intros; ring). apply told_length. }
    rewrite Split. eapply Rle_trans; [apply Rabs_triang|]. lra.
  Qed.

  (** Theorem 3 (lowrank): the margin of c against z, when c is right. *)
  Theorem lowrank_margin z c :
    (sum m (fun i => v c i * a i) + sum m (fun i => v c i * b i) + sum m (fun i => v c i * tail i)) -
    (sum m (fun i => v z i * a i) + sum m (fun i => v z i * b i) + sum k (fun j => told j * F z j) + N z * Rmin e e') <=
    sum m (fun i => v c i * h i) - sum m (fun i => v z i * h i).
  Proof.
    apply lowrank_with. unfold Rmin. destruct (Rle_dec e e'); [apply untold_plain|apply untold_told].
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
  Hypothesis lengths : forall z, (z < n)%nat -> 0 <= N z /\ sum m (fun i => (beside z i / s i) * (beside z i / s i)) <= N z * N z.
  Hypothesis length_of_tail : 0 <= e /\ sum m (fun i => (s i * tail h a b i) * (s i * tail h a b i)) <= e * e.
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
    intros Hz. destruct (lengths z Hz) as [H1 H2]. destruct length_of_tail as [H3 H4].
    replace (_ - _) with (sum m (fun i => beside z i * tail h a b i)); [apply (weighted m _ _ s); assumption|].
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
    pose proof (Rle_abs (sum m (fun i => beside z i * h i) - sides z)). pose proof (beside_near z Hz).
    pose proof (Rle_abs (- (sum m (fun i => beside answer i * h i) - sides answer))) as A. rewrite Rabs_Ropp in A.
    pose proof (beside_near answer answer_in). rewrite E. destruct besides; lra.
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

(** ** Theorem 8 (each), as it was before certificates of version 5; today's is not proved here yet. *)
Section Each.
  Variables (n m columns : nat) (op : nat -> nat -> nat).
  Variables (phi : R -> R) (l r u : nat -> nat -> R) (beta : nat -> R).   (* x, i; y, i; i, z; z *)
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.

  (** The point of every column goes to [place k z] by z, and by xy to where x brings [place k y]. *)
  Variables (place : nat -> nat -> nat) (act : nat -> nat -> nat -> nat).   (* k, z; k, x, point *)
  Hypothesis acts : forall k x y, (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> place k (op x y) = act k x (place k y).

  (** Each neuron sits in a column; idle ones in the column [columns]. *)
  Variable seat : nat -> nat.
  Hypothesis seated : forall i, (i < m)%nat -> (seat i <= columns)%nat.
  Definition among (k : nat) (f : nat -> R) : R := sum m (fun i => only (seat i =? k)%nat (f i)).
  Definition working (i : nat) : bool := (seat i <? columns)%nat.
  Definition all_working (f : nat -> R) : R := sum m (fun i => only (working i) (f i)).

  (** Believed: what neurons read and write at points, a and b.  Computed: the errors of readings. *)
  Variables (gamma ubar : nat -> nat -> R) (rho a b : nat -> nat -> R).     (* i, point; i, point; y, i; x, i; y, i *)
  Definition spot (i z : nat) : nat := place (seat i) z.
  Definition hidden (x y i : nat) : R := phi (l x i + r y i).
  Definition nearly (x y i : nat) : R := phi (l x i + gamma i (spot i y)).
  Hypothesis readings : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> Rabs (hidden x y i - nearly x y i) <= rho y i.
  Definition delta (z i : nat) : R := u i z - ubar i (spot i z).
  Definition remains (x y i : nat) : R := nearly x y i - a x i - b y i.
  Definition table (k x d c : nat) : R := among k (fun i => ubar i d * phi (l x i + gamma i c)).

  (** What readings may cost at a column where z is brought to the place of xy, and where to another. *)
  Variables (spread centre : nat -> nat -> R) (whole middle : nat -> R) (fixed moved : nat -> nat -> R).   (* i, d; ...; k, y *)
  Hypothesis spreads : forall i z z', (i < m)%nat -> (z < n)%nat -> (z' < n)%nat -> spot i z = spot i z' ->
    Rabs (u i z - u i z') <= spread i (spot i z).
  Hypothesis wholes : forall i z z', (i < m)%nat -> (z < n)%nat -> (z' < n)%nat -> Rabs (u i z - u i z') <= whole i.
  Hypothesis centres : forall i z, (i < m)%nat -> (z < n)%nat -> Rabs (u i z - middle i) <= centre i (spot i z).
  Hypothesis fixed_most : forall k y z, (k < columns)%nat -> (y < n)%nat -> (z < n)%nat ->
    among k (fun i => spread i (place k z) * rho y i) <= fixed k y.
  Hypothesis moved_most : forall k y, (k < columns)%nat -> (y < n)%nat ->
    among k (fun i => whole i * rho y i) <= moved k y \/
    (forall z z', (z < n)%nat -> (z' < n)%nat -> place k z <> place k z' ->
       among k (fun i => (centre i (place k z) + centre i (place k z')) * rho y i) <= moved k y).
  Variable more : nat -> nat -> R.                                          (* k, point *)
  Hypothesis more_most : forall k y, (k < columns)%nat -> (y < n)%nat -> moved k y - fixed k y <= more k (place k y).
  Variable idle : R.
  Hypothesis idle_most : forall x y z z', (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> (z' < n)%nat ->
    sum m (fun i => only (negb (working i)) (Rabs (u i z - u i z') * Rabs (hidden x y i))) <= idle.

  (** What is left of unembed: J may be any set of neurons. *)
  Variables (s : nat -> R) (N : nat -> R) (e : nat -> nat -> R) (J : nat -> bool) (NJ : nat -> R) (eJ : nat -> nat -> R).
  Hypothesis weights : forall i, (i < m)%nat -> 0 < s i.
  Hypothesis lengths : forall z, (z < n)%nat -> 0 <= N z /\ all_working (fun i => (delta z i / s i) * (delta z i / s i)) <= N z * N z.
  Hypothesis tails : forall x y, (x < n)%nat -> (y < n)%nat ->
    0 <= e x y /\ all_working (fun i => (s i * remains x y i) * (s i * remains x y i)) <= e x y * e x y.
  Definition outside (i : nat) : bool := working i && negb (J i).
  Hypothesis lengths_J : forall z, (z < n)%nat ->
    0 <= NJ z /\ sum m (fun i => only (outside i) ((delta z i / s i) * (delta z i / s i))) <= NJ z * NJ z.
  Hypothesis tails_J : forall x y, (x < n)%nat -> (y < n)%nat ->
    0 <= eJ x y /\ sum m (fun i => only (outside i) ((s i * remains x y i) * (s i * remains x y i))) <= eJ x y * eJ x y.

  Definition logit (x y z : nat) : R := sum m (fun i => u i z * hidden x y i) + beta z.
  Definition raised (k x d c : nat) : R := table k x d c + if (d =? act k x c)%nat then 0 else more k c.
  Definition omega (x y z : nat) : R :=
    sum columns (fun k => raised k x (place k z) (place k y)) + (all_working (fun i => delta z i * a x i) + beta z).
  Definition own (x y : nat) : R :=
    omega x y (op x y) + all_working (fun i => delta (op x y) i * b y i) +
    sum m (fun i => only (working i && J i) (delta (op x y) i * remains x y i)) - NJ (op x y) * eJ x y.

  Lemma only_plus p v w : only p (v + w) = only p v + only p w.
  Proof. destruct p; simpl; lra. Qed.

  Lemma all_columns f : all_working f = sum columns (fun k => among k f).
  Proof.
    unfold all_working, among. rewrite <- sum_swap. apply sum_ext. intros i Hi. unfold working.
    destruct (Nat.ltb_spec (seat i) columns) as [H|H].
    - symmetry. apply (sum_one columns (seat i) (f i) H).
    - rewrite (sum_ext columns _ (fun _ => 0)); [rewrite sum_zero; reflexivity|].
      intros k Hk. destruct (Nat.eqb_spec (seat i) k); [lia|reflexivity].
  Qed.

  Lemma weighted_only (p : nat -> bool) d t N' e' : 0 <= N' -> 0 <= e' ->
    sum m (fun i => only (p i) ((d i / s i) * (d i / s i))) <= N' * N' ->
    sum m (fun i => only (p i) ((s i * t i) * (s i * t i))) <= e' * e' ->
    Rabs (sum m (fun i => only (p i) (d i * t i))) <= N' * e'.
  Proof.
    intros HN He H1 H2.
    pose proof (weighted m (fun i => only (p i) (d i)) (fun i => only (p i) (t i)) s N' e' weights HN He) as W. cbv beta in W.
    rewrite (sum_ext m (fun i => only (p i) (d i * t i)) (fun i => only (p i) (d i) * only (p i) (t i)))
      by (intros; unfold only; destruct (p i); ring).
    apply W.
    - rewrite (sum_ext m _ (fun i => only (p i) ((d i / s i) * (d i / s i)))); [exact H1|].
      intros i Hi. pose proof (weights i Hi). unfold only. destruct (p i); [reflexivity|field; lra].
    - rewrite (sum_ext m _ (fun i => only (p i) ((s i * t i) * (s i * t i)))); [exact H2|].
      intros i Hi. unfold only. destruct (p i); ring.
  Qed.

  (** (1) and (2): what the nearly activations give an output. *)
  Definition bare (x y z : nat) : R := sum columns (fun k => table k x (place k z) (place k y)).
  Lemma nearly_split x y z :
    all_working (fun i => u i z * nearly x y i) =
    bare x y z + all_working (fun i => delta z i * a x i) + all_working (fun i => delta z i * b y i) +
    all_working (fun i => delta z i * remains x y i).
  Proof.
    assert (E : bare x y z = all_working (fun i => ubar i (spot i z) * nearly x y i)).
    { rewrite all_columns. apply sum_ext. intros k _. apply sum_ext. intros i _. unfold nearly, spot.
      destruct (Nat.eqb_spec (seat i) k) as [->|_]; reflexivity. }
    rewrite E. unfold all_working. rewrite <- !sum_plus. apply sum_ext. intros i _. rewrite <- !only_plus. f_equal.
    unfold delta, remains. ring.
  Qed.

  (** (3): what readings cost at a column. *)
  Lemma readings_cost k x y z z' : (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> (z' < n)%nat ->
    among k (fun i => Rabs (u i z - u i z') * Rabs (hidden x y i - nearly x y i)) <=
    if (place k z' =? place k z)%nat then fixed k y else moved k y.
  Proof.
    intros Hk Hx Hy Hz Hz'.
    assert (Most : forall D : nat -> R, (forall i, (i < m)%nat -> seat i = k -> Rabs (u i z - u i z') <= D i) ->
      among k (fun i => Rabs (u i z - u i z') * Rabs (hidden x y i - nearly x y i)) <= among k (fun i => D i * rho y i)).
    { intros D HD. apply sum_le. intros i Hi. destruct (Nat.eqb_spec (seat i) k) as [E|_]; simpl; [|lra].
      apply Rmult_le_compat; try apply Rabs_pos; auto. }
    destruct (Nat.eqb_spec (place k z') (place k z)) as [E|E].
    - eapply Rle_trans; [apply Most with (D := fun i => spread i (place k z))|apply fixed_most; assumption].
      intros i Hi Hs. pose proof (spreads i z z' Hi Hz Hz') as S. unfold spot in S. rewrite Hs in S. apply S. congruence.
    - destruct (moved_most k y Hk Hy) as [V|V].
      + eapply Rle_trans; [apply (Most whole)|exact V]. intros i Hi _. apply wholes; assumption.
      + eapply Rle_trans; [apply Most with (D := fun i => centre i (place k z) + centre i (place k z'))|apply V; auto].
        intros i Hi Hs. pose proof (centres i z Hi Hz) as C1. pose proof (centres i z' Hi Hz') as C2. unfold spot in C1, C2.
        rewrite Hs in C1, C2. replace (u i z - u i z') with ((u i z - middle i) + - (u i z' - middle i)) by ring.
        eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra.
  Qed.

  (** Theorem 8 (each): the margin against any z. *)
  Theorem each_margin x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat ->
    own x y - omega x y z - all_working (fun i => delta z i * b y i) - N z * e x y -
      sum columns (fun k => fixed k y) - idle <=
    logit x y (op x y) - logit x y z.
  Proof.
    intros Hx Hy Hz. set (c := op x y). assert (Hc : (c < n)%nat) by (apply closed; assumption).
    (* neurons that work, by nearly activations and the difference; idle ones *)
    assert (Parts : sum m (fun i => (u i c - u i z) * hidden x y i) =
      all_working (fun i => u i c * nearly x y i) - all_working (fun i => u i z * nearly x y i) +
      (all_working (fun i => (u i c - u i z) * (hidden x y i - nearly x y i)) +
       sum m (fun i => only (negb (working i)) ((u i c - u i z) * hidden x y i)))).
    { unfold all_working. rewrite <- sum_minus, <- !sum_plus. apply sum_ext. intros i _. unfold only. destruct (working i); simpl; ring. }
    assert (Idle : - idle <= sum m (fun i => only (negb (working i)) ((u i c - u i z) * hidden x y i))).
    { pose proof (idle_most x y c z Hx Hy Hc Hz) as I.
      assert (- 1 * sum m (fun i => only (negb (working i)) (Rabs (u i c - u i z) * Rabs (hidden x y i))) <=
        sum m (fun i => only (negb (working i)) ((u i c - u i z) * hidden x y i))).
      { rewrite <- sum_scale. apply sum_le. intros i _. unfold only. destruct (working i); simpl; [lra|].
        pose proof (product_cost (u i c - u i z) (hidden x y i)). lra. }
      lra. }
    assert (Read : - sum columns (fun k => if (place k z =? place k c)%nat then fixed k y else moved k y) <=
      all_working (fun i => (u i c - u i z) * (hidden x y i - nearly x y i))).
    { rewrite all_columns. replace (- sum columns _) with (-1 * sum columns (fun k => if (place k z =? place k c)%nat then fixed k y else moved k y)) by ring.
      rewrite <- sum_scale. apply sum_le. intros k Hk. pose proof (readings_cost k x y c z Hk Hx Hy Hc Hz) as C.
      assert (- 1 * among k (fun i => Rabs (u i c - u i z) * Rabs (hidden x y i - nearly x y i)) <=
        among k (fun i => (u i c - u i z) * (hidden x y i - nearly x y i))).
      { unfold among. rewrite <- sum_scale. apply sum_le. intros i _. unfold only. destruct (seat i =? k)%nat; [|lra].
        pose proof (product_cost (u i c - u i z) (hidden x y i - nearly x y i)). lra. }
      lra. }
    (* what columns give, raised where z is brought elsewhere *)
    assert (Own : sum columns (fun k => raised k x (place k c) (place k y)) = bare x y c).
    { apply sum_ext. intros k Hk. unfold raised, c. rewrite (acts k x y Hk Hx Hy), Nat.eqb_refl. ring. }
    assert (Rival : bare x y z + sum columns (fun k => if (place k z =? place k c)%nat then fixed k y else moved k y) <=
      sum columns (fun k => raised k x (place k z) (place k y)) + sum columns (fun k => fixed k y)).
    { unfold bare. rewrite <- !sum_plus. apply sum_le. intros k Hk. unfold raised, c. rewrite (acts k x y Hk Hx Hy).
      pose proof (more_most k y Hk Hy). destruct (place k z =? act k x (place k y))%nat; lra. }
    (* what is left of unembed *)
    assert (Z1 : all_working (fun i => delta z i * remains x y i) <= N z * e x y).
    { destruct (lengths z Hz) as [L1 L2]. destruct (tails x y Hx Hy) as [T1 T2].
      pose proof (weighted_only working (delta z) (remains x y) (N z) (e x y) L1 T1 L2 T2) as W.
      pose proof (Rle_abs (all_working (fun i => delta z i * remains x y i))). unfold all_working in *. lra. }
    assert (C1 : sum m (fun i => only (working i && J i) (delta c i * remains x y i)) - NJ c * eJ x y <=
      all_working (fun i => delta c i * remains x y i)).
    { destruct (lengths_J c Hc) as [L1 L2]. destruct (tails_J x y Hx Hy) as [T1 T2].
      pose proof (weighted_only outside (delta c) (remains x y) (NJ c) (eJ x y) L1 T1 L2 T2) as W.
      assert (E : all_working (fun i => delta c i * remains x y i) =
        sum m (fun i => only (working i && J i) (delta c i * remains x y i)) + sum m (fun i => only (outside i) (delta c i * remains x y i))).
      { unfold all_working. rewrite <- sum_plus. apply sum_ext. intros i _. unfold outside, only. destruct (working i), (J i); simpl; ring. }
      rewrite E. pose proof (Rle_abs (- sum m (fun i => only (outside i) (delta c i * remains x y i)))) as A. rewrite Rabs_Ropp in A. lra. }
    pose proof (nearly_split x y c) as Sc. pose proof (nearly_split x y z) as Sz.
    assert (M : logit x y c - logit x y z = sum m (fun i => (u i c - u i z) * hidden x y i) + (beta c - beta z)).
    { unfold logit. rewrite (sum_ext m (fun i => (u i c - u i z) * hidden x y i) (fun i => u i c * hidden x y i - u i z * hidden x y i)) by (intros; ring).
      rewrite sum_minus. ring. }
    rewrite M, Parts, Sc, Sz. unfold own, omega. fold c. rewrite Own. lra.
  Qed.
End Each.

(** ** Theorem 10 (even) *)
Section Even.
  Variables (n m columns : nat) (op : nat -> nat -> nat).
  Variables (hid : nat -> nat -> nat -> R) (u : nat -> nat -> R).   (* x, y, i: activations, the bias's 1 among them; i, z *)
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.

  (** The point of column k goes to [place k z] by z, to where x brings [place k y] by xy; x moves points one to one. *)
  Variables (place : nat -> nat -> nat) (act : nat -> nat -> nat -> nat).
  Hypothesis acts : forall k x y, (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> place k (op x y) = act k x (place k y).
  Hypothesis one_to_one : forall k x c d, (k < columns)%nat -> (x < n)%nat -> act k x c = act k x d -> c = d.
  Variable seat : nat -> nat.                                     (* the column of a neuron; idle ones have [columns] *)
  Hypothesis seated : forall i, (i < m)%nat -> (seat i <= columns)%nat.

  (** Neuron i reads x by the point b_i, through [from i x] = x⁻¹b_i. *)
  Variables (b : nat -> nat) (from : nat -> nat -> nat).
  Hypothesis back : forall i x, (i < m)%nat -> (seat i < columns)%nat -> (x < n)%nat -> act (seat i) x (from i x) = b i.

  Variables (hbar rho : nat -> nat -> nat -> R) (ubar : nat -> nat -> R) (width : nat -> R).
  Definition at_points (f : nat -> nat -> nat -> R) (x y i : nat) : R := f i (from i x) (place (seat i) y).
  Hypothesis near : forall x y i, (x < n)%nat -> (y < n)%nat -> (i < m)%nat -> (seat i < columns)%nat ->
    Rabs (hid x y i - at_points hbar x y i) <= at_points rho x y i.
  Definition rest (z i : nat) : R := u i z - ubar i (place (seat i) z).
  Hypothesis widths : forall z i, (i < m)%nat -> (seat i < columns)%nat -> (z < n)%nat -> Rabs (rest z i) <= width i / 2.

  (** Split neurons; how far ū(b) is from the others, and these from each other. *)
  Variables (split : nat -> bool) (to between : nat -> R).
  Hypothesis to_most : forall i d, (i < m)%nat -> d <> b i -> Rabs (ubar i (b i) - ubar i d) <= to i.
  Hypothesis between_most : forall i d d', (i < m)%nat -> d <> b i -> d' <> b i -> Rabs (ubar i d - ubar i d') <= between i.
  Definition step (i d d' : nat) : R := if (d =? b i)%nat || (d' =? b i)%nat then to i else between i.

  Definition on_column (k : nat) (f : nat -> R) : R := sum m (fun i => only (seat i =? k)%nat (f i)).
  Definition gives (k x c e : nat) : R := on_column k (fun i => ubar i e * hbar i (from i x) c).
  Definition costs (k x c : nat) : R :=
    on_column k (fun i => width i * (rho i (from i x) c + (if split i then 0 else Rabs (hbar i (from i x) c)))).
  Variables (types : nat -> nat) (L : nat -> nat -> nat -> nat -> R).     (* x; type, column, c', d' *)
  Hypothesis least_same : forall k x c, (k < columns)%nat -> (x < n)%nat -> L (types x) k c c <= - costs k x c.
  Hypothesis least : forall k x c d, (k < columns)%nat -> (x < n)%nat -> c <> d ->
    L (types x) k c d <= gives k x c (act k x c) - gives k x c (act k x d) - costs k x c -
      on_column k (fun i => step i (act k x c) (act k x d) * rho i (from i x) c).
  Variable lost : R.
  Hypothesis lost_most : forall x y z z', (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> (z' < n)%nat ->
    sum m (fun i => only (seat i =? columns)%nat (Rabs (u i z - u i z') * Rabs (hid x y i))) <= lost.

  (** What split neurons do through x, y and xy, all believed; and what that leaves. *)
  Variables (by_x by_y : nat -> nat -> R) (same : nat -> R).      (* i, p; i, c' *)
  Definition is_split (i : nat) : bool := (seat i <? columns)%nat && split i.
  Definition all_split (f : nat -> R) : R := sum m (fun i => only (is_split i) (f i)).
  Definition left_of_it (x y i : nat) : R :=
    at_points hbar x y i - by_x i (from i x) - by_y i (place (seat i) y) -
    (if (from i x =? place (seat i) y)%nat then same i else 0).
  Definition X (x z : nat) : R := all_split (fun i => rest z i * by_x i (from i x)).
  Definition Y (y z : nat) : R := all_split (fun i => rest z i * by_y i (place (seat i) y)).
  Definition Z (answer z : nat) : R := all_split (fun i => rest z i * if (place (seat i) answer =? b i)%nat then same i else 0).
  Variables (s : nat -> R) (N : nat -> R) (e : nat -> nat -> R).
  Hypothesis weights : forall i, (i < m)%nat -> 0 < s i.
  Hypothesis lengths : forall z, (z < n)%nat -> 0 <= N z /\ all_split (fun i => (rest z i / s i) * (rest z i / s i)) <= N z * N z.
  Hypothesis tails : forall x y, (x < n)%nat -> (y < n)%nat ->
    0 <= e x y /\ all_split (fun i => (s i * left_of_it x y i) * (s i * left_of_it x y i)) <= e x y * e x y.

  (** M: with y and s = wy, at the places of the columns. *)
  Definition M (t y v : nat) : R := sum columns (fun k => L t k (place k y) (place k v)) - lost.

  Lemma same_place x y i : (i < m)%nat -> (seat i < columns)%nat -> (x < n)%nat -> (y < n)%nat ->
    (from i x =? place (seat i) y)%nat = (place (seat i) (op x y) =? b i)%nat.
  Proof.
    intros Hi Hs Hx Hy. rewrite (acts _ _ _ Hs Hx Hy), <- (back i x Hi Hs Hx).
    destruct (Nat.eqb_spec (from i x) (place (seat i) y)) as [E|E].
    - rewrite E. symmetry. apply Nat.eqb_refl.
    - symmetry. apply Nat.eqb_neq. intros E'. apply E. symmetry. apply (one_to_one (seat i) x); assumption.
  Qed.

  Lemma split_parts x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat ->
    all_split (fun i => rest z i * at_points hbar x y i) =
    X x z + Y y z + Z (op x y) z + all_split (fun i => rest z i * left_of_it x y i).
  Proof.
    intros Hx Hy Hz. unfold X, Y, Z, all_split. rewrite <- !sum_plus. apply sum_ext. intros i Hi. unfold only, is_split.
    destruct (Nat.ltb_spec (seat i) columns) as [Hs|_]; simpl; [|ring]. destruct (split i); [|ring].
    unfold left_of_it. rewrite (same_place x y i Hi Hs Hx Hy). ring.
  Qed.

  Lemma split_rest x y z : (x < n)%nat -> (y < n)%nat -> (z < n)%nat ->
    Rabs (all_split (fun i => rest z i * left_of_it x y i)) <= N z * e x y.
  Proof.
    intros Hx Hy Hz. destruct (lengths z Hz) as [L1 L2]. destruct (tails x y Hx Hy) as [T1 T2].
    apply (weighted_only m s weights is_split (rest z) (left_of_it x y)); assumption.
  Qed.

  (** What one neuron adds, but for what is left of unembed of a split one. *)
  Lemma neuron_margin k x y v i : (i < m)%nat -> seat i = k -> (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
    (ubar i (act k x (place k y)) - ubar i (act k x (place k v))) * hbar i (from i x) (place k y) -
    width i * (rho i (from i x) (place k y) + (if split i then 0 else Rabs (hbar i (from i x) (place k y)))) -
    (if (place k y =? place k v)%nat then 0 else step i (act k x (place k y)) (act k x (place k v)) * rho i (from i x) (place k y)) +
    (if split i then (rest (op x y) i - rest (op x v) i) * hbar i (from i x) (place k y) else 0) <=
    (u i (op x y) - u i (op x v)) * hid x y i.
  Proof.
    intros Hi Hs Hk Hx Hy Hv. assert (Hw : (seat i < columns)%nat) by lia.
    pose proof (closed x y Hx Hy) as Ha. pose proof (closed x v Hx Hv) as Hb.
    pose proof (near x y i Hx Hy Hi Hw) as Hn. unfold at_points in Hn. rewrite Hs in Hn.
    pose proof (widths (op x y) i Hi Hw Ha) as W1. pose proof (widths (op x v) i Hi Hw Hb) as W2.
    set (h := hbar i (from i x) (place k y)) in *. set (q := rho i (from i x) (place k y)) in *.
    assert (Hq : 0 <= q) by (pose proof (Rabs_pos (hid x y i - h)); lra).
    set (du := ubar i (act k x (place k y)) - ubar i (act k x (place k v))).
    set (dr := rest (op x y) i - rest (op x v) i).
    assert (E : u i (op x y) - u i (op x v) = du + dr).
    { unfold du, dr, rest. rewrite Hs, (acts k x y Hk Hx Hy), (acts k x v Hk Hx Hv). ring. }
    assert (Hd : Rabs dr <= width i).
    { unfold dr. replace (rest (op x y) i - rest (op x v) i) with (rest (op x y) i + - rest (op x v) i) by ring.
      eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra. }
    assert (Hu : Rabs du <= if (place k y =? place k v)%nat then 0 else step i (act k x (place k y)) (act k x (place k v))).
    { destruct (Nat.eqb_spec (place k y) (place k v)) as [Ep|Ep].
      - unfold du. rewrite Ep. replace (_ - _) with 0 by ring. rewrite Rabs_R0. lra.
      - unfold du, step. set (d := act k x (place k y)). set (d' := act k x (place k v)).
        assert (Hne : d <> d') by (intros E'; apply Ep; apply (one_to_one k x); assumption).
        destruct (Nat.eqb_spec d (b i)) as [E1|E1]; simpl.
        + rewrite E1. apply to_most; [exact Hi|]. congruence.
        + destruct (Nat.eqb_spec d' (b i)) as [E2|E2]; simpl.
          * rewrite Rabs_minus_sym, E2. apply to_most; assumption.
          * apply between_most; assumption. }
    set (st := if (place k y =? place k v)%nat then 0 else step i (act k x (place k y)) (act k x (place k v))) in *.
    assert (St : (if (place k y =? place k v)%nat then 0 else step i (act k x (place k y)) (act k x (place k v)) * q) = st * q)
      by (unfold st; destruct (place k y =? place k v)%nat; ring).
    rewrite St, E. replace ((du + dr) * hid x y i) with (du * h + dr * h + (du + dr) * (hid x y i - h)) by ring.
    pose proof (product_cost (du + dr) (hid x y i - h)) as P3.
    assert (Rabs (du + dr) * Rabs (hid x y i - h) <= (st + width i) * q).
    { apply Rmult_le_compat; try apply Rabs_pos; [|exact Hn]. pose proof (Rabs_triang du dr). lra. }
    pose proof (product_cost dr h) as P2.
    assert (Rabs dr * Rabs h <= width i * Rabs h) by (apply Rmult_le_compat_r; [apply Rabs_pos|exact Hd]).
    destruct (split i); lra.
  Qed.

  Lemma column_even k x y v : (k < columns)%nat -> (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
    L (types x) k (place k y) (place k v) +
    on_column k (fun i => if split i then (rest (op x y) i - rest (op x v) i) * at_points hbar x y i else 0) <=
    on_column k (fun i => (u i (op x y) - u i (op x v)) * hid x y i).
  Proof.
    intros Hk Hx Hy Hv. set (c := place k y). set (d := place k v).
    eapply Rle_trans with (r2 := on_column k (fun i =>
      (ubar i (act k x c) - ubar i (act k x d)) * hbar i (from i x) c -
      width i * (rho i (from i x) c + (if split i then 0 else Rabs (hbar i (from i x) c))) -
      (if (c =? d)%nat then 0 else step i (act k x c) (act k x d) * rho i (from i x) c) +
      (if split i then (rest (op x y) i - rest (op x v) i) * hbar i (from i x) c else 0))).
    - assert (Sort : on_column k (fun i =>
        (ubar i (act k x c) - ubar i (act k x d)) * hbar i (from i x) c -
        width i * (rho i (from i x) c + (if split i then 0 else Rabs (hbar i (from i x) c))) -
        (if (c =? d)%nat then 0 else step i (act k x c) (act k x d) * rho i (from i x) c) +
        (if split i then (rest (op x y) i - rest (op x v) i) * hbar i (from i x) c else 0)) =
        gives k x c (act k x c) - gives k x c (act k x d) - costs k x c -
        on_column k (fun i => if (c =? d)%nat then 0 else step i (act k x c) (act k x d) * rho i (from i x) c) +
        on_column k (fun i => if split i then (rest (op x y) i - rest (op x v) i) * at_points hbar x y i else 0)).
      { unfold gives, costs, on_column. rewrite <- !sum_minus, <- sum_plus. apply sum_ext. intros i _. unfold only.
        destruct (Nat.eqb_spec (seat i) k) as [Es|_]; [|ring]. unfold at_points. rewrite Es. fold c. ring. }
      rewrite Sort. apply Rplus_le_compat_r. destruct (Nat.eqb_spec c d) as [E|E].
      + rewrite <- E. pose proof (least_same k x c Hk Hx). unfold on_column at 1.
        rewrite (sum_ext m _ (fun _ => 0)) by (intros i _; unfold only; destruct (seat i =? k)%nat; reflexivity).
        rewrite sum_zero. lra.
      + apply (least k x c d Hk Hx E).
    - apply sum_le. intros i Hi. unfold only. destruct (Nat.eqb_spec (seat i) k) as [Es|_]; [|lra].
      apply (neuron_margin k x y v i); assumption.
  Qed.

  (** Theorem 10 (even): the margin against z = xv, where v = wy. *)
  Theorem even_margin x y v : (x < n)%nat -> (y < n)%nat -> (v < n)%nat ->
    let answer := op x y in let z := op x v in
    M (types x) y v + X x answer + Y y answer + Z answer answer - N answer * e x y -
      (X x z + Y y z + Z answer z + N z * e x y) <=
    sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i).
  Proof.
    intros Hx Hy Hv answer z. assert (Ha : (answer < n)%nat) by (apply closed; assumption).
    assert (Hz : (z < n)%nat) by (apply closed; assumption).
    assert (Sorted : sum m (fun i => u i answer * hid x y i) - sum m (fun i => u i z * hid x y i) =
      sum columns (fun k => on_column k (fun i => (u i answer - u i z) * hid x y i)) +
      on_column columns (fun i => (u i answer - u i z) * hid x y i)).
    { rewrite <- sum_minus, (sum_classes m (S columns) seat) by (intros i Hi; specialize (seated i Hi); lia).
      simpl. f_equal; [apply sum_ext; intros k _|]; apply sum_ext; intros i _; unfold only;
        (match goal with |- (if ?c then _ else _) = _ => destruct c; ring end). }
    assert (Idle : - lost <= on_column columns (fun i => (u i answer - u i z) * hid x y i)).
    { pose proof (lost_most x y answer z Hx Hy Ha Hz) as I.
      assert (-1 * sum m (fun i => only (seat i =? columns)%nat (Rabs (u i answer - u i z) * Rabs (hid x y i))) <=
        on_column columns (fun i => (u i answer - u i z) * hid x y i)).
      { unfold on_column. rewrite <- sum_scale. apply sum_le. intros i _. unfold only. destruct (seat i =? columns)%nat; [|lra].
        pose proof (product_cost (u i answer - u i z) (hid x y i)). lra. }
      lra. }
    assert (Columns : sum columns (fun k => L (types x) k (place k y) (place k v)) +
      sum columns (fun k => on_column k (fun i => if split i then (rest answer i - rest z i) * at_points hbar x y i else 0)) <=
      sum columns (fun k => on_column k (fun i => (u i answer - u i z) * hid x y i))).
    { rewrite <- sum_plus. apply sum_le. intros k Hk. apply column_even; assumption. }
    assert (Splits : sum columns (fun k => on_column k (fun i => if split i then (rest answer i - rest z i) * at_points hbar x y i else 0)) =
      all_split (fun i => rest answer i * at_points hbar x y i) - all_split (fun i => rest z i * at_points hbar x y i)).
    { unfold all_split, on_column. rewrite <- sum_minus, <- sum_swap. apply sum_ext. intros i Hi. unfold is_split.
      destruct (Nat.ltb_spec (seat i) columns) as [Hs|Hs].
      - rewrite (sum_one columns (seat i) _ Hs). unfold only. simpl. destruct (split i); ring.
      - rewrite (sum_ext columns _ (fun _ => 0)); [rewrite sum_zero; simpl; ring|].
        intros k Hk. destruct (Nat.eqb_spec (seat i) k); [lia|reflexivity]. }
    rewrite (split_parts x y answer Hx Hy Ha), (split_parts x y z Hx Hy Hz) in Splits. fold answer in Splits.
    pose proof (split_rest x y answer Hx Hy Ha) as R1. pose proof (split_rest x y z Hx Hy Hz) as R2.
    pose proof (Rle_abs (- all_split (fun i => rest answer i * left_of_it x y i))) as A1. rewrite Rabs_Ropp in A1.
    pose proof (Rle_abs (all_split (fun i => rest z i * left_of_it x y i))) as A2.
    rewrite Sorted. unfold M. lra.
  Qed.
End Even.
