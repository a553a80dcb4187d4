(** Sums, lengths and activations over the real numbers, and Lemma 8.  A length is known by a number that it does not exceed. *)
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

Lemma sum_abs n f : Rabs (sum n f) <= sum n (fun i => Rabs (f i)).
Proof. induction n as [|n IH]; simpl; [rewrite Rabs_R0; lra|]. eapply Rle_trans; [apply Rabs_triang|]. lra. Qed.

(** A sum by classes. *)
Definition only (p : bool) (v : R) : R := if p then v else 0.

Lemma only_times p v w : only p (v * w) = only p v * w.
Proof. destruct p; simpl; ring. Qed.

Lemma times_only p v w : only p (v * w) = v * only p w.
Proof. destruct p; simpl; ring. Qed.

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

(** ** Lengths: Cauchy-Schwarz *)
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

Lemma sum_times n k f g : sum n f * sum k g = sum n (fun i => sum k (fun j => f i * g j)).
Proof. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intros i _. rewrite Rmult_comm, <- sum_scale. reflexivity. Qed.

Lemma below_abs v L : Rabs v <= L -> - L <= v <= L.
Proof. intros H. pose proof (Rle_abs v). pose proof (Rle_abs (- v)) as A. rewrite Rabs_Ropp in A. lra. Qed.

(** The length of (f 0, ..., f (n-1)) is at most L. *)
Definition within (n : nat) (f : nat -> R) (L : R) : Prop := 0 <= L /\ sum n (fun i => f i * f i) <= L * L.

Lemma squares_nonneg n f : 0 <= sum n (fun i => f i * f i).
Proof. apply sum_nonneg. intros. apply Rle_0_sqr. Qed.

Lemma within_ext n f g L : (forall i, (i < n)%nat -> f i = g i) -> within n f L -> within n g L.
Proof. intros H [H0 HL]. split; [exact H0|]. rewrite (sum_ext n _ (fun i => f i * f i)); [exact HL|]. intros. rewrite <- H by assumption. reflexivity. Qed.

(** Every vector has a length. *)
Lemma within_length n f : within n f (sqrt (sum n (fun i => f i * f i))).
Proof. split; [apply sqrt_pos|]. rewrite sqrt_sqrt by apply squares_nonneg. apply Rle_refl. Qed.

Lemma cauchy n f g F G : within n f F -> within n g G -> Rabs (sum n (fun i => f i * g i)) <= F * G.
Proof.
  intros [HF F2] [HG G2]. apply Rsqr_incr_0_var; [|apply Rmult_le_pos; assumption]. rewrite <- Rsqr_abs. unfold Rsqr.
  eapply Rle_trans; [apply schwarz|]. replace (F * G * (F * G)) with ((F * F) * (G * G)) by ring.
  apply Rmult_le_compat; try assumption; apply squares_nonneg.
Qed.

Lemma within_plus n f g F G : within n f F -> within n g G -> within n (fun i => f i + g i) (F + G).
Proof.
  intros HF HG. destruct (below_abs _ _ (cauchy n f g F G HF HG)) as [_ C]. destruct HF as [F0 F2], HG as [G0 G2]. split; [lra|].
  rewrite (sum_ext n _ (fun i => f i * f i + 2 * (f i * g i) + g i * g i)) by (intros; ring). rewrite !sum_plus, sum_scale. lra.
Qed.

Lemma within_more n f F G : F <= G -> within n f F -> within n f G.
Proof. intros H [F0 F2]. split; [lra|]. apply (Rle_trans _ _ _ F2). apply Rmult_le_compat; assumption. Qed.

(** A matrix with its Frobenius norm, times a vector; and one of nearly orthonormal columns. *)
Definition frobenius (n k : nat) (A : nat -> nat -> R) (L : R) : Prop :=
  0 <= L /\ sum n (fun i => sum k (fun j => A i j * A i j)) <= L * L.

Lemma image_within n k A L g G : frobenius n k A L -> within k g G -> within n (fun i => sum k (fun j => A i j * g j)) (L * G).
Proof.
  intros [HL HA] [HG G2]. split; [apply Rmult_le_pos; assumption|]. apply Rle_trans with ((L * L) * (G * G)); [|right; ring].
  apply Rle_trans with (sum k (fun j => g j * g j) * sum n (fun i => sum k (fun j => A i j * A i j))).
  - rewrite <- sum_scale. apply sum_le. intros i _. eapply Rle_trans; [apply schwarz|]. right; ring.
  - rewrite Rmult_comm. apply Rmult_le_compat; try assumption; [|apply squares_nonneg].
    apply sum_nonneg. intros. apply squares_nonneg.
Qed.

Lemma bilinear n k A f g L F G : frobenius n k A L -> within n f F -> within k g G ->
  Rabs (sum n (fun i => f i * sum k (fun j => A i j * g j))) <= F * (L * G).
Proof. intros HA HF HG. apply cauchy; [exact HF|apply image_within; assumption]. Qed.

Definition off_identity (n : nat) (B : nat -> nat -> R) (j j' : nat) : R := sum n (fun i => B i j * B i j') - only (j =? j')%nat 1.

Lemma nearly_isometric n k B eta p : frobenius k k (off_identity n B) eta ->
  sum n (fun i => sum k (fun j => B i j * p j) * sum k (fun j => B i j * p j)) <= (1 + eta) * sum k (fun j => p j * p j).
Proof.
  intros HF. pose proof (within_length k p) as L. destruct (below_abs _ _ (bilinear _ _ _ p p _ _ _ HF L L)) as [_ Q].
  rewrite <- Rmult_assoc, (Rmult_comm _ eta), Rmult_assoc, sqrt_sqrt in Q by apply squares_nonneg.
  assert (E : sum n (fun i => sum k (fun j => B i j * p j) * sum k (fun j => B i j * p j)) =
    sum k (fun j => p j * p j) + sum k (fun j => p j * sum k (fun j' => off_identity n B j j' * p j'))); [|rewrite E; lra].
  rewrite (sum_ext n _ (fun i => sum k (fun j => sum k (fun j' => (B i j * p j) * (B i j' * p j'))))) by (intros; apply sum_times).
  rewrite sum_swap, <- sum_plus. apply sum_ext. intros j Hj. rewrite sum_swap, <- (sum_one k j (p j * p j) Hj), <- sum_scale, <- sum_plus.
  apply sum_ext. intros j' _. unfold off_identity.
  rewrite (sum_ext n _ (fun i => (p j * p j') * (B i j * B i j'))) by (intros; ring). rewrite sum_scale.
  destruct (Nat.eqb_spec j j') as [->|_]; simpl; ring.
Qed.

(** Lemma 8 (what is not written): numbers against numbers, with weights s and w = 1/s; where t is 0 any will do. *)
Lemma weighted n d t w s N e : (forall i, (i < n)%nat -> w i * s i = 1 \/ t i = 0) ->
  within n (fun i => d i * w i) N -> within n (fun i => s i * t i) e -> Rabs (sum n (fun i => d i * t i)) <= N * e.
Proof.
  intros Hs HN He. rewrite (sum_ext n _ (fun i => (d i * w i) * (s i * t i))); [apply cauchy; assumption|].
  intros i Hi. destruct (Hs i Hi) as [E|E].
  - replace (d i * w i * (s i * t i)) with (d i * t i * (w i * s i)) by ring. rewrite E. ring.
  - rewrite E. ring.
Qed.

Lemma product_cost v w : - (Rabs v * Rabs w) <= v * w.
Proof. rewrite <- Rabs_mult. pose proof (Rle_abs (- (v * w))) as H. rewrite Rabs_Ropp in H. lra. Qed.

(** ** Activations: each is largest at an end of an interval, and least at an end or at what in it is next to 0. *)
Definition relu (t : R) : R := Rmax 0 t.
Lemma relu_near v w : Rabs (relu v - relu w) <= Rabs (v - w).
Proof. unfold relu, Rmax. destruct (Rle_dec 0 v), (Rle_dec 0 w); unfold Rabs; repeat destruct Rcase_abs; lra. Qed.

Definition is_activation (phi : R -> R) : Prop := phi = relu \/ phi = Rabs \/ phi = Rsqr \/ phi = (fun t => t).
Definition largest (phi : R -> R) (lo hi : R) : R := Rmax (phi lo) (phi hi).
Definition smallest (phi : R -> R) (lo hi : R) : R := Rmin (Rmin (phi lo) (phi hi)) (phi (Rmin (Rmax lo 0) hi)).

Lemma next_to_0 lo hi t : lo <= t <= hi -> Rabs (Rmin (Rmax lo 0) hi) <= Rabs t.
Proof.
  intros H. unfold Rmax. destruct (Rle_dec lo 0); unfold Rmin; destruct (Rle_dec _ hi); unfold Rabs;
    repeat match goal with |- context [Rcase_abs ?a] => destruct (Rcase_abs a) end; lra.
Qed.

Lemma activation_range phi lo hi t : is_activation phi -> lo <= t <= hi -> smallest phi lo hi <= phi t <= largest phi lo hi.
Proof.
  intros A H.
  assert (Up : (forall v w, v <= w -> phi v <= phi w) -> smallest phi lo hi <= phi t <= largest phi lo hi).
  { intros M. unfold smallest, largest. split.
    - eapply Rle_trans; [apply Rmin_l|]. eapply Rle_trans; [apply Rmin_l|]. apply M, H.
    - eapply Rle_trans; [apply M, H|apply Rmax_r]. }
  assert (Mid : (forall v w, Rabs v <= Rabs w -> phi v <= phi w) -> smallest phi lo hi <= phi t <= largest phi lo hi).
  { intros M. unfold smallest, largest. split; [eapply Rle_trans; [apply Rmin_r|apply M, next_to_0, H]|].
    assert (Rabs t <= Rabs lo \/ Rabs t <= Rabs hi) as [T|T] by (unfold Rabs; repeat destruct Rcase_abs; lra).
    - eapply Rle_trans; [apply M, T|apply Rmax_l].
    - eapply Rle_trans; [apply M, T|apply Rmax_r]. }
  destruct A as [->|[->|[->| ->]]]; [apply Up|apply Mid|apply Mid|apply Up]; intros v w V; [|exact V| |exact V].
  - unfold relu, Rmax. destruct (Rle_dec 0 v), (Rle_dec 0 w); lra.
  - apply Rsqr_le_abs_1, V.
Qed.

Lemma activation_near phi lo hi t middle : is_activation phi -> lo <= t <= hi ->
  Rabs (phi t - middle) <= Rmax (largest phi lo hi - middle) (middle - smallest phi lo hi).
Proof.
  intros A H. pose proof (activation_range phi lo hi t A H).
  pose proof (Rmax_l (largest phi lo hi - middle) (middle - smallest phi lo hi)).
  pose proof (Rmax_r (largest phi lo hi - middle) (middle - smallest phi lo hi)). apply Rabs_le. lra.
Qed.
