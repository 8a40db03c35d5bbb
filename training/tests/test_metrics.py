import unittest

import numpy as np

from detector import metrics


class MetricsTest(unittest.TestCase):
    def test_auc_counts_ordered_pairs_and_ties_half(self):
        self.assertAlmostEqual(metrics.auc([0, 0, 1, 1], np.array([0.1, 0.4, 0.35, 0.8])), 0.75)
        self.assertAlmostEqual(metrics.auc([0, 1, 0, 1], np.array([1.0, 1.0, 1.0, 1.0])), 0.5)
        self.assertTrue(np.isnan(metrics.auc([1, 1], np.array([0.1, 0.2]))))

    def test_figures_agree_with_scikit_learn(self):
        from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve

        rng = np.random.default_rng(1)
        labels = rng.random(400) < 0.4
        scores = np.round(rng.normal(labels * 0.8, 1), 1)
        self.assertAlmostEqual(metrics.auc(labels, scores), roc_auc_score(labels, scores), 12)
        self.assertAlmostEqual(metrics.average_precision(labels, scores), average_precision_score(labels, scores), 12)
        false_rate, true_rate, _ = roc_curve(labels, scores, drop_intermediate=False)
        self.assertAlmostEqual(metrics.tpr_at_fpr(labels, scores, 0.05), true_rate[false_rate <= 0.05].max(), 12)
        p = metrics.sigmoid(scores)
        self.assertAlmostEqual(metrics.brier(labels, p), brier_score_loss(labels, p), 12)

    def test_equal_error_rate_of_known_scores(self):
        self.assertAlmostEqual(metrics.eer([0, 0, 1, 1], np.array([1.0, 2.0, 3.0, 4.0])), 0.0)
        self.assertAlmostEqual(metrics.eer([0, 0, 1, 1], np.array([1.0, 3.0, 2.0, 4.0])), 0.5)
        self.assertAlmostEqual(metrics.eer([1, 1, 0, 0], np.array([1.0, 2.0, 3.0, 4.0])), 1.0)

    def test_calibration_error_of_known_bins(self):
        self.assertAlmostEqual(metrics.ece([1, 1, 0, 0], np.array([0.95, 0.95, 0.05, 0.05])), 0.05)
        self.assertAlmostEqual(metrics.ece([0, 0, 0, 1], np.full(4, 0.75)), 0.5)

    def test_logistic_fit_finds_the_coefficients_that_made_the_data(self):
        rng = np.random.default_rng(2)
        x = rng.normal(0, 2, 20000)
        labels = rng.random(20000) < metrics.sigmoid(0.7 * x - 0.4)
        slope, offset = metrics.fit_logistic(x, labels)
        self.assertAlmostEqual(slope, 0.7, delta=0.03)
        self.assertAlmostEqual(offset, -0.4, delta=0.04)

    def test_logistic_fit_stays_finite_on_separable_data(self):
        self.assertTrue(np.isfinite(metrics.fit_logistic(np.array([-1.0, -2, 1, 2]), np.array([0, 0, 1, 1]))).all())

    def test_bootstrap_interval_holds_the_value_and_widens_when_crops_share_a_group(self):
        rng = np.random.default_rng(3)
        labels = np.repeat(rng.random(100) < 0.5, 8)
        scores = np.repeat(rng.normal(labels[::8] * 1.0, 1), 8) + rng.normal(0, 0.1, 800)
        alone = metrics.bootstrap(metrics.auc, labels, scores, np.arange(800), 200)
        grouped = metrics.bootstrap(metrics.auc, labels, scores, np.repeat(np.arange(100), 8), 200)
        value = metrics.auc(labels, scores)
        self.assertLess(grouped[0], value)
        self.assertGreater(grouped[1], value)
        self.assertGreater(grouped[1] - grouped[0], 2 * (alone[1] - alone[0]))
